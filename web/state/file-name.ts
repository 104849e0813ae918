/**
 * Names for files that are saved, made of text from data or typed by a person: valid on Windows, macOS and Linux, in
 * one folder, and never anything but what they look like.
 */

/** Bytes of UTF-8 that a whole name may have: most file systems take 255, and a browser may add " (12)". */
const MOST_BYTES = 200;

/** What stands in the way on some system, or separates folders. */
const FORBIDDEN = /[/\\:*?"<>|]+/gu;

/** Control characters, direction marks and other invisible ones, halves of characters, and places for private ones. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]+/gu;

/** Windows keeps these for devices, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)/iu;

const FALLBACK = 'unfold';

/** Dots and spaces at the ends vanish on Windows or hide a file elsewhere; a dash in front is taken for an option. */
function trimmed(text: string): string {
  return text.replace(/^[\s.\-_]+/u, '').replace(/[\s.\-_]+$/u, '');
}

/** As many whole characters, as people see them, as fit into so many bytes. */
function fitting(text: string, most: number): string {
  const encoder = new TextEncoder();
  let [kept, bytes] = ['', 0];
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    bytes += encoder.encode(segment).length;
    if (bytes > most) {
      return kept;
    }
    kept += segment;
  }
  return kept;
}

/**
 * `base` as a file name with `extension` (given without its dot): "digits 8/9" becomes "digits 8-9.csv". Where nothing
 * is left of it the name is "unfold.csv".
 */
export function safeFileName(base: string, extension: string): string {
  const plain = base
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(FORBIDDEN, '-')
    .replace(/ *-[- ]*-+ */gu, '-');
  const room = MOST_BYTES - new TextEncoder().encode(`.${extension}`).length;
  const name = trimmed(fitting(trimmed(plain), room)) || FALLBACK;
  return `${DEVICE.test(`${name}.${extension}`) ? `${FALLBACK} ${name}` : name}.${extension}`;
}
