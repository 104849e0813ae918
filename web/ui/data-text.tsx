/**
 * Text that comes from a file, made safe to read: characters that can't be seen or that reorder the line are
 * written out, long text is cut, and its direction stays its own.
 */

import type { JSX } from 'preact';

/** Characters shown of one text. */
export const MOST_CHARACTERS = 200;

/** Controls, lone surrogates, line separators, invisible spaces, and everything that sets a writing direction. */
const HIDDEN =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu;

/** The text with hidden characters written out (a tab as ␉, U+202E as ‹U+202E›), cut after 200 characters. */
export function visibleText(text: string): string {
  /* 400 code units hold 200 characters: a cell of megabytes is not walked through. */
  const characters = Array.from(text.slice(0, 2 * MOST_CHARACTERS + 2));
  const cut = characters.length > MOST_CHARACTERS;
  const shown = cut ? characters.slice(0, MOST_CHARACTERS).join('') : characters.join('');
  return shown.replace(HIDDEN, written) + (cut ? '…' : '');
}

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}

/** A name or value from the data. An empty one is shown as "(empty)". */
export function DataText({ text }: { text: string }): JSX.Element {
  return text === '' ? (
    <span class="data-empty">(empty)</span>
  ) : (
    <bdi class="data-text">{visibleText(text)}</bdi>
  );
}
