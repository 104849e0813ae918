/**
 * CRC-32 (ISO 3309, as zip and PNG have it) of bytes, in slices that leave room for the page between them: what was
 * damaged on its way is told from what is whole. No protection against intent: whatever is read is checked besides.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Bytes between two breaths: a few milliseconds. */
const SLICE = 1 << 20;

const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** The checksum of what has been read so far and of these bytes after it. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let i = 0; i < bytes.length; i++)
    value = (value >>> 8) ^ (TABLE[(value ^ (bytes[i] ?? 0)) & 255] ?? 0);
  return ~value >>> 0;
}

export async function checksum(bytes: Uint8Array): Promise<number> {
  let value = 0;
  for (let at = 0; at < bytes.length; at += SLICE) {
    if (at > 0) await breath();
    value = crc32(bytes.subarray(at, at + SLICE), value);
  }
  return value;
}
