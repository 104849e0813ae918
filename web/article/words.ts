/**
 * How the article writes what its figures report. The page of Unfold writes percentages the same way
 * (`percentText` in state/retrain-story.ts; a test holds the two together); importing it from there would tie the page's
 * start-up to the article, since what two pages share becomes a file of its own.
 */

/** "−31 %", "+0.4 %", "unchanged". */
export function changeText(change: number): string {
  const percent = Math.abs(change) * 100;
  if (percent < 0.05) return 'unchanged';
  const digits = percent >= 0.95 ? Math.round(percent).toLocaleString('en') : percent.toFixed(1);
  return `${change < 0 ? '−' : '+'}${digits} %`;
}

/** The number in a text of `changeText`, in per cent. */
export function changeIn(text: string): number {
  const found = /^([−+])([\d,.]+) %$/.exec(text.trim());
  const size = Number((found?.[2] ?? '0').replaceAll(',', ''));
  return found?.[1] === '−' ? -size : size;
}

/** "0.045". */
export function errorText(error: number): string {
  return error.toFixed(3);
}
