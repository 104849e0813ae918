/** Why a drop can't be opened, in words that are fetched when they are wanted. */

import type { Refused } from './drop-overlay.tsx';

export function dropWords({ what, files }: Refused): string {
  switch (what) {
    case 'folder':
      return 'That is a folder. Drop one file of rows and columns, such as a CSV.';
    case 'several':
      return `Those are ${files} files. Drop one at a time: each replaces what is loaded.`;
    case 'link':
      return 'That is a link. Nothing is fetched from other sites: save the file, then drop it here.';
    case 'text':
      return 'That is text. Save it as a CSV file, then drop the file here.';
    case 'nothing':
      return 'Nothing was in that drop. Try “Open…” in the bar at the top.';
  }
}
