/**
 * A saved work as one file, NAME.unfold: for those whose browser keeps nothing, to move it elsewhere, to put it away.
 *
 *     8 bytes   "UNFOLD", 0, 1
 *     u32       bytes of the head
 *     u32       checksum of the head (CRC-32)
 *     head      JSON: { record, file }, file: bytes of the data, or null
 *     arrays    in the order of record.arrays, each from a multiple of 8 bytes on
 *     data      the file that the work is of, as it was opened
 *
 * Integers are little-endian. The length of the whole must be what the head says, to the byte. Arrays have checksums
 * in the record; the data have their fingerprint, which the kernels work out when they read them.
 */

import { crc32 } from './checksum.ts';
import { checkedRecord, damaged, type Memory, type Packed, RecordError, textOf, unpack } from './record.ts';
import type { Work } from './work.ts';

const MAGIC = [0x55, 0x4e, 0x46, 0x4f, 0x4c, 0x44, 0, 1];
const PREAMBLE = 16;
/** Bytes of a head: thousands of states with their names and errors. */
const MOST_HEAD = 64e6;

const padding = (bytes: number): number => (8 - (bytes % 8)) % 8;

/** Throws a RecordError when it could not be read again. */
export function writeSession({ record, parts }: Packed, file: Blob | null, text = textOf(record)): Blob {
  const head = new TextEncoder().encode(`{"record":${text},"file":${file?.size ?? null}}`);
  const preamble = new DataView(new ArrayBuffer(PREAMBLE));
  for (const [i, byte] of MAGIC.entries()) preamble.setUint8(i, byte);
  preamble.setUint32(8, head.byteLength, true);
  preamble.setUint32(12, crc32(head), true);
  const pieces: BlobPart[] = [preamble.buffer, head, new Uint8Array(padding(PREAMBLE + head.byteLength))];
  for (const { bytes } of parts) {
    pieces.push(bytes as Uint8Array<ArrayBuffer>, new Uint8Array(padding(bytes.byteLength)));
  }
  if (file) pieces.push(file);
  return new Blob(pieces, { type: 'application/octet-stream' });
}

async function readHead(blob: Blob): Promise<{ head: unknown; at: number }> {
  const preamble = new DataView(await blob.slice(0, PREAMBLE).arrayBuffer());
  if (preamble.byteLength < PREAMBLE) throw damaged('it is cut off');
  const magic = MAGIC.map((_, i) => preamble.getUint8(i));
  if (!MAGIC.slice(0, 7).every((byte, i) => magic[i] === byte)) throw damaged('it is no session file');
  if (magic[7] !== MAGIC[7]) throw new RecordError('newer', '');
  const length = preamble.getUint32(8, true);
  const end = PREAMBLE + length;
  if (length > MOST_HEAD || end > blob.size) throw damaged('it is cut off');
  const bytes = new Uint8Array(await blob.slice(PREAMBLE, end).arrayBuffer());
  if (crc32(bytes) !== preamble.getUint32(12, true)) throw damaged('its head has changed since it was saved');
  try {
    return { head: JSON.parse(new TextDecoder().decode(bytes)), at: end + padding(end) };
  } catch {
    throw damaged('its head can’t be read');
  }
}

/** The work in a session file. Throws a RecordError; what is not asked for is not read. */
export async function readSession(blob: Blob, memory: Memory | null = null): Promise<Work> {
  const { head, at } = await readHead(blob);
  const { record: value, file } = (head ?? {}) as { record?: unknown; file?: unknown };
  const record = checkedRecord(value);
  const starts: number[] = [];
  let end = at;
  for (const { bytes } of record.arrays) {
    starts.push(end);
    end += bytes + padding(bytes);
  }
  const size = file === null ? 0 : file;
  if (typeof size !== 'number' || (file === null) === record.data.kept)
    throw damaged('its head contradicts itself');
  if (blob.size !== end + size)
    throw damaged(blob.size < end + size ? 'it is cut off' : 'something was added to it');
  const data = file === null ? null : blob.slice(end);
  return unpack(
    record,
    ({ bytes }, place) => {
      const start = starts[place] ?? 0;
      return blob.slice(start, start + bytes).arrayBuffer();
    },
    data,
    memory,
  );
}
