/** Pictures of the map as files, larger than the canvas behind a renderer can be. */

import type { Camera } from './camera.ts';

/** One tile of a large picture: its place and size in pixels, and the camera that sees just that part. */
export interface TileView {
  readonly x: number;
  readonly y: number;
  readonly pixelWidth: number;
  readonly pixelHeight: number;
  readonly camera: Camera;
}

/** Side of a tile; every WebGL2 device draws that. */
const TILE = 2048;
/** What browsers can hold in one canvas: pixels along a side, and in all. */
const MAX_SIDE = 16_384;
const MAX_AREA = 2 ** 28;

/**
 * The tiles of a picture of (width, height) CSS pixels at `scale` pixels per CSS pixel. They cover it without
 * gap or overlap. Throws RangeError when no canvas can hold such a picture.
 */
export function tilesFor(width: number, height: number, scale: number, camera: Camera): TileView[] {
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  if (!(w >= 1) || !(h >= 1)) throw new RangeError('The map has no size, so there is no picture of it.');
  if (w > MAX_SIDE || h > MAX_SIDE || w * h > MAX_AREA) {
    throw new RangeError(`A picture of ${w} by ${h} pixels is more than this browser can hold.`);
  }
  const tiles: TileView[] = [];
  for (let y = 0; y < h; y += TILE) {
    for (let x = 0; x < w; x += TILE) {
      const pixelWidth = Math.min(TILE, w - x);
      const pixelHeight = Math.min(TILE, h - y);
      tiles.push({
        x,
        y,
        pixelWidth,
        pixelHeight,
        camera: {
          ...camera,
          cx: camera.cx + ((x + pixelWidth / 2) / scale - width / 2) / camera.scale,
          cy: camera.cy - ((y + pixelHeight / 2) / scale - height / 2) / camera.scale,
        },
      });
    }
  }
  return tiles;
}

/**
 * Paints every tile with `paintTile`, which returns a canvas holding it, and gives the whole as a PNG. All
 * painting is done before this returns its promise, so the visible canvas is never shown in between; `after`
 * then puts that canvas back, also when painting failed.
 */
export function captureTiles(
  width: number,
  height: number,
  scale: number,
  camera: Camera,
  paintTile: (tile: TileView) => CanvasImageSource,
  after: () => void,
): Promise<Blob> {
  const tiles = tilesFor(width, height, scale, camera);
  const picture = document.createElement('canvas');
  picture.width = Math.round(width * scale);
  picture.height = Math.round(height * scale);
  const context = picture.getContext('2d');
  if (!context) throw new Error('This browser gave no canvas for the picture.');
  try {
    for (const tile of tiles) context.drawImage(paintTile(tile), tile.x, tile.y);
  } finally {
    after();
  }
  return new Promise((resolve, reject) => {
    picture.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('This browser could not turn the map into a PNG.'));
    }, 'image/png');
  });
}
