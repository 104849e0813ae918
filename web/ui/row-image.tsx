/**
 * One row of pixels as a picture: crisp, with the same black and white for every row of the table.
 */

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ImageShape } from '../protocol/messages.ts';
import { SCALE_SIZE } from '../render/palette.ts';
import { continuousPalette } from '../render/scales.ts';

export interface RowImageProps {
  /** (height * width * channels) pixel values, the channels of a pixel side by side. */
  values: Float32Array;
  shape: ImageShape;
  /** Values that are black and white; for `diverging`, the blue and the orange end. */
  lo: number;
  hi: number;
  /** `diverging` colours one signed value a pixel, the mean over the channels. Default `plain`. */
  colours?: 'plain' | 'diverging';
  /** Longer side in CSS pixels, at most; small pictures are enlarged by a whole number. Default 112. */
  size?: number;
  /** What a screen reader says of it. */
  label: string;
}

export function RowImage({
  values,
  shape,
  lo,
  hi,
  colours = 'plain',
  size = 112,
  label,
}: RowImageProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = shape;
  const longer = Math.max(width, height);
  const zoom = longer <= size ? Math.floor(size / longer) : size / longer;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext?.('2d');
    if (!context) return;
    const image = context.createImageData(width, height);
    paintPixels(image.data, values, shape, lo, hi, colours);
    context.putImageData(image, 0, 0);
  }, [values, shape, lo, hi, colours, width, height]);
  return (
    <canvas
      ref={canvas}
      class="row-image"
      width={width}
      height={height}
      style={{ width: `${width * zoom}px`, aspectRatio: `${width} / ${height}` }}
      role="img"
      aria-label={label}
    />
  );
}

let diverging: Uint8Array | null = null;

/** Writes pixels (height * width * 4 bytes). One or two channels are grey, three or more red, green, blue. */
export function paintPixels(
  out: Uint8ClampedArray,
  values: Float32Array,
  shape: ImageShape,
  lo: number,
  hi: number,
  colours: 'plain' | 'diverging',
): void {
  const { channels } = shape;
  const pixels = shape.width * shape.height;
  const per = hi > lo ? 1 / (hi - lo) : 0;
  const level = (at: number): number => {
    const v = ((values[at] ?? lo) - lo) * per;
    return v > 0 ? Math.min(1, v) : 0;
  };
  if (colours === 'diverging') diverging ??= continuousPalette('diverging');
  for (let p = 0; p < pixels; p++) {
    const at = p * channels;
    if (colours === 'diverging' && diverging) {
      let mean = 0;
      for (let c = 0; c < channels; c++) mean += level(at + c) / channels;
      const entry = 4 * Math.round(mean * (SCALE_SIZE - 1));
      for (let c = 0; c < 3; c++) out[4 * p + c] = diverging[entry + c] ?? 0;
    } else {
      for (let c = 0; c < 3; c++) out[4 * p + c] = 255 * level(channels >= 3 ? at + c : at);
    }
    out[4 * p + 3] = 255;
  }
}
