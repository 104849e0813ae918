/**
 * Names for files that are saved, made of text from data or typed by a person: valid on Windows, macOS and Linux, in
 * one folder, and never anything but what they look like.
 */

/** Bytes of UTF-8 that a whole name may have: most file systems take 255, and a browser may add " (12)". */
const MOST_BYTES = 200;

/** What stands in the way on some system, or separates folders. */
const FORBIDDEN = /[/\\:*?"<>|]+/gu;

/** Control characters, direction marks and other invisible ones, halves of characters, and places for private ones. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]+/gu;

/** Windows keeps these for devices, whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/iu;

const FALLBACK = 'unfold';

/** Dots and spaces at the ends vanish on Windows or hide a file elsewhere; a dash in front is taken for an option. */
function trimmed(text: string): string {
  return text.replace(/^[\s.-]+/u, '').replace(/[\s.-]+$/u, '');
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** As many whole characters as fit into so many bytes. */
function fitting(text: string, most: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > most) {
      return kept;
    }
    kept += character;
  }
  return kept;
}

/**
 * The name of a file without its extension, or the two of a packed one: "penguins" of "penguins.csv". Numbers behind
 * a dot, as in "run 1.5", are none.
 */
export function withoutExtension(name: string): string {
  return name.replace(/(?<=[^.\s/\\])\.(?=\d*[a-z])[a-z\d]{1,8}(?:\.gz)?$/iu, '');
}

/**
 * `base` as a file name with `extension` (given without its dot): "digits 8/9" becomes "digits 8-9.csv". Where nothing
 * is left of it the name is "unfold.csv".
 */
export function safeFileName(base: string, extension: string): string {
  const plain = base
    .replace(/[\t-\r\p{Z}]+/gu, ' ')
    .replace(INVISIBLE, '')
    .normalize('NFC')
    .replace(FORBIDDEN, '-')
    .replace(/ +/g, ' ');
  const name = trimmed(plain) || FALLBACK;
  const free = DEVICE.test(`${name}.`) ? `${FALLBACK} ${name}` : name;
  return `${trimmed(fitting(free, MOST_BYTES - bytesOf(`.${extension}`)))}.${extension}`;
}
