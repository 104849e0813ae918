/** embed.js: makes `<unfold-map>` known to the page that loads it. */

import { defineFigure, type UnfoldMapElement } from './element.ts';

declare global {
  interface HTMLElementTagNameMap {
    'unfold-map': UnfoldMapElement;
  }
}

defineFigure(import.meta.url);
