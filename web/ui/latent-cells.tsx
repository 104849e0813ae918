/**
 * The code of one row as cells: each dimension coloured by where its value lies among all rows, so that two rows
 * can be compared cell by cell.
 */

import type { JSX } from 'preact';
import { paletteColour } from '../render/palette.ts';
import { continuousPalette, numberIndices } from '../render/scales.ts';
import type { LatentRange } from '../state/store.ts';
import { formatNumber } from '../state/summary.ts';

export interface LatentCellsProps {
  values: Float32Array;
  range: LatentRange | null;
}

let scale: Uint8Array | null = null;

export function LatentCells({ values, range }: LatentCellsProps): JSX.Element {
  return (
    <ul class="latent-cells" aria-label="Code">
      {Array.from(values, (value, z) => {
        const look = cellLook(value, range?.lo[z], range?.hi[z]);
        return (
          <li
            key={z}
            class="latent-cell"
            style={look.style}
            title={`z${z + 1} = ${formatNumber(value)}${look.within}`}
          >
            <span class="latent-name">z{z + 1}</span>
            <span class="latent-value">{formatNumber(Number(value.toPrecision(3)))}</span>
          </li>
        );
      })}
    </ul>
  );
}

function cellLook(
  value: number,
  lo: number | undefined,
  hi: number | undefined,
): { style: { backgroundColor?: string; color?: string }; within: string } {
  if (lo === undefined || hi === undefined) return { style: {}, within: '' };
  scale ??= continuousPalette();
  const entry = numberIndices([value], { lo, hi })[0] ?? 0;
  /* Cividis rises evenly in lightness: from just below its middle on, dark text reads better. */
  return {
    style: { backgroundColor: paletteColour(scale, entry), color: entry < 118 ? '#fff' : '#000' },
    within: `; most rows lie between ${formatNumber(lo)} and ${formatNumber(hi)}`,
  };
}
