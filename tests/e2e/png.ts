// Just enough PNG to read a screenshot: 8-bit RGB or RGBA, no interlacing.

import { inflateSync } from 'node:zlib';

export class PNG {
  readonly width: number;
  readonly height: number;
  private readonly channels: number;
  private readonly data: Uint8Array;

  constructor(file: Uint8Array) {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const parts: Uint8Array[] = [];
    this.width = view.getUint32(16);
    this.height = view.getUint32(20);
    this.channels = file[25] === 6 ? 4 : 3;
    for (let at = 8; at < file.length; ) {
      const length = view.getUint32(at);
      const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
      if (type === 'IDAT') {
        parts.push(file.subarray(at + 8, at + 8 + length));
      }
      at += 12 + length;
    }
    this.data = this.unfilter(inflateSync(Buffer.concat(parts)));
  }

  /** Red, green and blue of pixel i, counted along the rows. */
  rgb(i: number): [number, number, number] {
    const at = i * this.channels;
    return [this.data[at] as number, this.data[at + 1] as number, this.data[at + 2] as number];
  }

  private unfilter(raw: Uint8Array): Uint8Array {
    const { width, height, channels } = this;
    const row = width * channels;
    const out = new Uint8Array(row * height);
    for (let y = 0; y < height; y++) {
      const filter = raw[y * (row + 1)];
      for (let x = 0; x < row; x++) {
        const a = x >= channels ? (out[y * row + x - channels] as number) : 0;
        const b = y > 0 ? (out[(y - 1) * row + x] as number) : 0;
        const c = x >= channels && y > 0 ? (out[(y - 1) * row + x - channels] as number) : 0;
        const p = a + b - c;
        const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
        const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        const predicted = [0, a, b, (a + b) >> 1, paeth][filter as number] as number;
        out[y * row + x] = (raw[y * (row + 1) + 1 + x] as number) + predicted;
      }
    }
    return out;
  }
}
