/**
 * Pictures as PNG. Makes a screenshot small: its colours are reduced to a palette (median cut, Heckbert 1982) and it
 * is written as an indexed PNG. Writes drawn pictures with their transparency. Reads what Chromium writes: 8 bits a channel, RGB or RGBA, not interlaced.
 */
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = { 2: 3, 6: 4 };

function paeth(a, b, c) {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/** Width, height and opaque colours (0xRRGGBB, one for each pixel) of a PNG. */
export function readPng(bytes) {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new Error('not a PNG');
  const parts = [];
  let header = null;
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const n = CHANNELS[header[9]];
  if (header[8] !== 8 || n === undefined || header[12] !== 0) throw new Error('a PNG of another kind');
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * n;
  const colours = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    const line = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let i = 0; i < stride; i += 1) {
      const left = i >= n ? line[i - n] : 0;
      const corner = i >= n ? above[i - n] : 0;
      const guess = [0, left, above[i], (left + above[i]) >> 1, paeth(left, above[i], corner)][filter];
      line[i] = (line[i] + guess) & 255;
    }
    for (let x = 0; x < width; x += 1) {
      colours[y * width + x] = (line[x * n] << 16) | (line[x * n + 1] << 8) | line[x * n + 2];
    }
    above = line;
  }
  return { width, height, colours };
}

const channel = (colour, c) => (colour >> (16 - 8 * c)) & 255;

/** The longest side of the box around some colours: which channel, and how long. */
function longestSide(box) {
  let best = { c: 0, length: -1 };
  for (let c = 0; c < 3; c += 1) {
    let [lo, hi] = [255, 0];
    for (const [colour] of box) {
      lo = Math.min(lo, channel(colour, c));
      hi = Math.max(hi, channel(colour, c));
    }
    if (hi - lo > best.length) best = { c, length: hi - lo };
  }
  return best;
}

/** At most `size` colours that stand for those of an image, and the place of each colour among them. */
function palette(colours, size) {
  const counts = new Map();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const boxes = [[...counts]];
  while (boxes.length < size) {
    // The box to divide: the one whose longest side, weighted by the pixels in it, is largest.
    let chosen = -1;
    let weight = 0;
    let along = 0;
    boxes.forEach((box, i) => {
      if (box.length < 2) return;
      const { c, length } = longestSide(box);
      const pixels = box.reduce((sum, [, count]) => sum + count, 0);
      if (length * Math.sqrt(pixels) <= weight) return;
      chosen = i;
      weight = length * Math.sqrt(pixels);
      along = c;
    });
    if (chosen < 0) break;
    const box = boxes[chosen].sort(([a], [b]) => channel(a, along) - channel(b, along));
    const half = box.reduce((sum, [, count]) => sum + count, 0) / 2;
    let cut = 0;
    for (let sum = 0; cut < box.length - 1 && sum < half; cut += 1) sum += box[cut][1];
    boxes.splice(chosen, 1, box.slice(0, Math.max(1, cut)), box.slice(Math.max(1, cut)));
  }
  const index = new Map();
  const entries = boxes.map((box, i) => {
    const total = box.reduce((sum, [, count]) => sum + count, 0);
    for (const [colour] of box) index.set(colour, i);
    return [0, 1, 2].map((c) =>
      Math.round(box.reduce((sum, [colour, count]) => sum + channel(colour, c) * count, 0) / total),
    );
  });
  return { entries, index };
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(type, body) {
  const bytes = Buffer.alloc(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(type, 4, 'latin1');
  body.copy(bytes, 8);
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(4, 8 + body.length)) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 8 + body.length);
  return bytes;
}

/** A file of these parts, between signature and end. */
const file = (...parts) => Buffer.concat([SIGNATURE, ...parts, chunk('IEND', Buffer.alloc(0))]);

function header(width, height, depth, type) {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([depth, type, 0, 0, 0], 8);
  return chunk('IHDR', body);
}

const pixels = (lines) => chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 }));

/** A picture with transparency, from (height, width, 4) bytes RGBA, as the bytes of a PNG. */
export function writePng(width, height, rgba) {
  const stride = width * 4;
  const lines = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) {
    lines.set(rgba.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  return file(header(width, height, 8, 6), pixels(lines));
}

/** The same picture with at most `size` colours (2 … 256), as the bytes of an indexed PNG. */
export function reducePng(bytes, size) {
  const { width, height, colours } = readPng(bytes);
  const { entries, index } = palette(colours, size);
  // Few colours fit in half a byte.
  const depth = entries.length <= 16 ? 4 : 8;
  const stride = Math.ceil((width * depth) / 8);
  const lines = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = index.get(colours[y * width + x]);
      const at = y * (stride + 1) + 1;
      if (depth === 8) lines[at + x] = value;
      else lines[at + (x >> 1)] |= value << (x & 1 ? 0 : 4);
    }
  }
  return file(header(width, height, depth, 3), chunk('PLTE', Buffer.from(entries.flat())), pixels(lines));
}
