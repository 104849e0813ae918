/**
 * Selections as they come in messages, checked, and the two groups of rows that they make of a training: what is
 * trained of the selection, and what of the rest.
 */
import { failure } from '../protocol/failure.ts';
import type { FitSpec, RowBits } from '../protocol/messages.ts';
import { bitsIn, hasRow, wordMask } from '../protocol/rows.ts';
import { bad } from './nouns.ts';

/** Throws bad_param, with `where`, unless the bits are those of a table of so many rows. */
export function checkBits(bits: RowBits, rows: number, where: string): void {
  const words = Math.ceil(rows / 32);
  const beyond = (bits[words - 1] ?? 0) & ~wordMask(words - 1, rows);
  if (bits.length !== words || beyond !== 0) {
    throw bad(`A set of ${rows} rows has ${words} words, and no bit past the last row.`, where);
  }
}

/** What a fit with a selection has to train on. */
export interface Groups {
  selected: number; // rows of the selection
  trained: number; // of them that are not held out and among the rows to visit
  rest: number; // other rows to visit
}

/** Counts a fit's groups over a table of so many rows. `heldout`: rows that are kept out. */
export function countGroups(fit: FitSpec, selection: RowBits, rows: number, heldout: RowBits): Groups {
  const groups: Groups = { selected: 0, trained: 0, rest: 0 };
  let kept = 0;
  selection.forEach((word, i) => {
    const out = heldout[i] ?? 0;
    groups.selected += bitsIn(word);
    groups.trained += bitsIn(word & ~out);
    kept += bitsIn(out);
  });
  groups.rest = rows - kept - groups.trained;
  if (fit.rows) {
    groups.trained = 0;
    groups.rest = 0;
    for (const row of fit.rows) {
      if (!hasRow(heldout, row)) {
        groups[hasRow(selection, row) ? 'trained' : 'rest'] += 1;
      }
    }
  }
  return groups;
}

/** Share of the loss that the selection carries: all of it unless something else is said. */
export function focusOf(fit: FitSpec): number {
  return fit.focus ?? 1;
}

/** The groups of a fit within its bounds with a selection, or null without one. Throws when there is nothing to train on. */
export function checkGroups(fit: FitSpec, rows: number, heldout: () => RowBits): Groups | null {
  const { selection } = fit;
  if (!selection) {
    return null;
  }
  checkBits(selection, rows, 'selection');
  const focus = focusOf(fit);
  const groups = countGroups(fit, selection, rows, heldout());
  if (groups.selected === 0) {
    throw failure('bad_param', 'No row is selected.', 'Select some rows first.', 'selection');
  }
  if (focus > 0 && groups.trained === 0) {
    throw failure(
      'bad_param',
      'All selected rows are held out: there is nothing to train on.',
      'Select more rows, or hold out fewer.',
      'selection',
    );
  }
  if (focus === 0 && groups.rest === 0) {
    throw failure(
      'bad_param',
      'Without the selected rows nothing is left to train on.',
      'Select fewer rows.',
      'selection',
    );
  }
  return groups;
}
