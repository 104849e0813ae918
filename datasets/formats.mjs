/**
 * The forms data sets are prepared in, and the raw forms they come in.
 *
 * Nothing here touches a value with more than + - * / and rounding, so a prepared file has the same
 * bytes wherever it is made.
 */

/** Bytes of a table: UTF-8, commas, LF, a header. `rows` are arrays of cell texts. */
export function csvBytes(header, rows) {
  const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells) => `${cells.map(cell).join(',')}\n`;
  return Buffer.from(line(header) + rows.map(line).join(''), 'utf8');
}

/**
 * Bytes of a set of images: one line of JSON, then a label byte for each row, then the pixels.
 *
 * @param {object} set
 * @param {string} set.name
 * @param {number} set.height pixels
 * @param {number} set.width pixels
 * @param {number} set.channels 1 for grey
 * @param {string} set.label name of the label column
 * @param {string[]} set.classes name of each label value
 * @param {Uint8Array} set.labels (n) index into classes
 * @param {Uint8Array} set.pixels (n, height, width, channels), row-major
 */
export function tensorBytes({ name, height, width, channels, label, classes, labels, pixels }) {
  const rows = labels.length;
  if (pixels.length !== rows * height * width * channels) {
    throw new Error(`${name}: ${pixels.length} pixel bytes do not make ${rows} images`);
  }
  const header = { format: 'unfold-tensor', version: 1, name, rows, height, width, channels, label, classes };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`, 'latin1'), labels, pixels]);
}

/** Reads an IDX file of bytes (MNIST's format): its sizes, and its data. */
export function readIdx(bytes) {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8) {
    throw new Error('not an IDX file of bytes');
  }
  const dims = bytes[3];
  const sizes = Array.from({ length: dims }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const data = bytes.subarray(4 + 4 * dims);
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (data.length !== expected)
    throw new Error(`IDX data has ${data.length} bytes, its header says ${expected}`);
  return { sizes, data };
}

/**
 * A permutation of 0 … n-1 that is the same everywhere: Fisher-Yates from the last place down, with
 * whole numbers from xorshift32 (Marsaglia 2003; shifts 13, 17, 5), each reduced to its range by
 * rejection, so that every order is equally likely. `seed` is a whole number from 1 to 2³²-1.
 */
export function shuffledOrder(n, seed) {
  let state = seed >>> 0;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const below = (bound) => {
    // xorshift32 yields 1 … 2³²-1; the tail that would favour small remainders is drawn again.
    const limit = 4294967295 - (4294967295 % bound);
    let value = next() - 1;
    while (value >= limit) value = next() - 1;
    return value % bound;
  };
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    const moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
  return order;
}
