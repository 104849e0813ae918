/**
 * unfold-tensor: images as one block. A line of JSON in ASCII, then a label byte for each row (when there are
 * classes), then the pixels, row-major.
 *
 *     {"format":"unfold-tensor","version":1,"name":…,"rows":n,"height":h,"width":w,"channels":c,
 *      "label":"digit","classes":["0",…]}\n
 */
import { failure } from '../../protocol/failure.ts';
import type { ImageShape } from '../../protocol/messages.ts';

export interface TensorHeader {
  name: string;
  rows: number;
  image: ImageShape;
  label: string;
  classes: string[];
  bytes: number; // of the header, its line feed included
}

const START = '{"format":"unfold-tensor"';
const LONGEST = 65_536;

const broken = (what: string) =>
  failure('bad_file', `The image file's header is not right: ${what}.`, 'Prepare or copy the file again.');

function count(value: unknown, name: string, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw broken(`${name} must be a whole number from 1 to ${most.toLocaleString('en')}`);
  }
  return value;
}

/** The header at the start of these bytes, or null when they are something else. */
export function tensorHeader(head: Uint8Array): TensorHeader | null {
  const start = new TextDecoder('latin1').decode(head.subarray(0, START.length));
  if (start !== START) {
    return null;
  }
  const end = head.indexOf(10);
  if (end < 0 || end >= LONGEST) {
    throw broken('it does not end');
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(head.subarray(0, end)));
  } catch {
    throw broken('it is not JSON');
  }
  const header = value as Record<string, unknown>;
  if (header.version !== 1) {
    throw broken(`version ${String(header.version)} is not known`);
  }
  const classes = header.classes ?? [];
  const wrong =
    !Array.isArray(classes) ||
    classes.length > 256 ||
    !classes.every((entry) => typeof entry === 'string' && entry !== '') ||
    new Set(classes).size !== classes.length;
  if (wrong) {
    throw broken('classes must be at most 256 different names');
  }
  const image = {
    height: count(header.height, 'height', 50_000),
    width: count(header.width, 'width', 50_000),
    channels: count(header.channels ?? 1, 'channels', 4),
  };
  count(image.height * image.width * image.channels, 'height x width x channels', 49_999);
  return {
    name: typeof header.name === 'string' ? header.name : '',
    rows: count(header.rows, 'rows', 5_000_000),
    image,
    label: typeof header.label === 'string' && header.label !== '' ? header.label : 'label',
    classes: classes as string[],
    bytes: end + 1,
  };
}
