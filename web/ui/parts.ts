/** Parts of the page that a figure in an article may leave out. */
export const PARTS = [
  'top',
  'data',
  'method',
  'tools',
  'table',
  'inspector',
  'retrains',
  'legend',
  'selection',
  'run',
] as const;
export type Part = (typeof PARTS)[number];
