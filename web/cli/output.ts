/** Codes as files: CSV for people and spreadsheets, .npy for NumPy. */
import { type CsvColumn, codeColumns, csvParts } from '../worker/export-csv.ts';

/** Header z1,z2,… and the label, in parts of whole lines, written as the page's exports are. */
export function csvOf(codes: Float32Array, dims: number, label: CsvColumn | null): Iterable<string> {
  return csvParts({
    columns: codeColumns(codes, dims),
    labels: label === null ? [] : [label],
    labelsAt: dims,
    rows: codes.length / dims,
    protect: true,
  });
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
