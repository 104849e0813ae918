/** The name of a feature at the head of its line; names too long for a column have a line of their own above it. */

import type { JSX } from 'preact';
import { DataText, visibleText } from './data-text.tsx';

/** Longest name, in characters, that the first column shows whole. */
const SHORT_NAME = 10;

/** Height of the lines, in CSS pixels, and the class of the table: with names above the numbers, or beside them. */
export function linesOf(names: readonly string[]): { height: number; look: string } {
  const above = names.some((name) => name.length > SHORT_NAME);
  return above
    ? { height: 40, look: 'feature-table virtual-stick own-line' }
    : { height: 26, look: 'feature-table virtual-stick' };
}

export function FeatureName({ name = '' }: { name: string | undefined }): JSX.Element {
  return (
    <th scope="row" title={visibleText(name)}>
      <span class="feature-name">
        <DataText text={name} />
      </span>
    </th>
  );
}
