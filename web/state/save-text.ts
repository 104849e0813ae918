/** Words for saved work. */

import type { UnderWay } from '../storage/work.ts';
import { formatCount } from './summary.ts';

/** "3 states, 2 of them retrains" */
export function statesText(states: number, retrains: number): string {
  if (states === 0) return 'not trained yet';
  const all = states === 1 ? '1 state' : `${formatCount(states)} states`;
  if (retrains === 0) return all;
  return `${all}, ${retrains === 1 ? '1 of them a retrain' : `${formatCount(retrains)} of them retrains`}`;
}

/** What of a training under way did not come back; null: nothing was under way. */
export function lostText(lost: UnderWay | null): string | null {
  if (!lost) return null;
  const { kind, epoch, epochs } = lost;
  if (kind === 'return') return 'A return to another state was under way: begin it again.';
  if (kind !== 'train') return 'A retrain was under way: everything is as it was before it. Begin it again.';
  if (epoch === 0) return 'A training was under way: what it had done is lost.';
  const of = `${formatCount(epoch)} of ${formatCount(epochs)}`;
  return `A training was under way: it is back as of epoch ${of}, and what came after is lost.`;
}
