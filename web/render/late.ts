/** See `more.ts`. */

export { Canvas2dRenderer } from './canvas2d.ts';
export { captureTiles } from './capture.ts';
export { TrailsGpu } from './trails-gpu.ts';
