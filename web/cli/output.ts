/** Codes as files: CSV for people and spreadsheets, .npy for NumPy. */
import { shortestFloat } from '../kernels/params.ts';

/** A column beside the codes. `text`: cells of words, which a spreadsheet must not take for formulas. */
export interface LabelColumn {
  name: string;
  cells: readonly string[];
  text: boolean;
}

/** Cells that a spreadsheet would run (OWASP's list) get an apostrophe in front. */
function defused(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Header z1,z2,…; floats as the shortest decimals that read back to the same floats; line ends LF. */
export function csvOf(codes: Float32Array, dims: number, label: LabelColumn | null): string {
  const rows = codes.length / dims;
  const header = Array.from({ length: dims }, (_, j) => `z${j + 1}`);
  if (label !== null) {
    header.push(quoted(defused(label.name)));
  }
  const lines = [header.join(',')];
  for (let i = 0; i < rows; i += 1) {
    const cells: string[] = [];
    for (let j = 0; j < dims; j += 1) {
      cells.push(String(shortestFloat(codes[i * dims + j] ?? Number.NaN)));
    }
    if (label !== null) {
      const cell = label.cells[i] ?? '';
      cells.push(quoted(label.text ? defused(cell) : cell));
    }
    lines.push(cells.join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** float32, shape (rows, dims), C order, little-endian; format version 1.0. */
export function npyOf(values: Float32Array, dims: number): Uint8Array {
  const rows = values.length / dims;
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dims}), }`;
  const unpadded = 10 + dict.length + 1;
  const length = Math.ceil(unpadded / 64) * 64 - 10;
  const header = `${dict.padEnd(length - 1)}\n`;
  const bytes = new Uint8Array(10 + length + values.length * 4);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >>> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  const view = new DataView(bytes.buffer, 10 + length);
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  return bytes;
}
