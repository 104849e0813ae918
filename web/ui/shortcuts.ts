/** Which keys stand for which action, and when a key press is typing instead. */

export type Shortcut =
  | 'toggle'
  | 'step'
  | 'help'
  | 'retrain'
  | 'search'
  | 'pan'
  | 'lasso'
  | 'box'
  | 'brush'
  | 'undo'
  | 'redo';

/** The part of a KeyboardEvent that is looked at. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
  defaultPrevented: boolean;
  target: EventTarget | null;
}

/** Fields that characters are written into: undoing there is theirs. */
const WRITING =
  'input:not([type=checkbox], [type=radio], [type=range], [type=file]), textarea, [contenteditable]';
/** Elements that take single characters themselves: a list jumps to what begins with one. */
export const TYPING = `${WRITING}, select`;
/** Elements that Space presses. */
export const PRESSABLE = 'button, summary, a, input, label, [role=button]';

const letters: Record<string, Shortcut> = { g: 'pan', l: 'lasso', b: 'box', k: 'brush', r: 'retrain' };

/** Whether an action's key is a single one, which a person can switch off (WCAG 2.1.4). */
export function isSingle(shortcut: Shortcut): boolean {
  return shortcut !== 'undo' && shortcut !== 'redo';
}

/** The shortcut of a key press; null when it is none, or belongs to what has the focus. */
export function pressed(event: KeyPress): Shortcut | null {
  if (event.altKey || event.defaultPrevented) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest('dialog')) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (target?.closest(WRITING)) return null;
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
    return key === 'y' && event.ctrlKey && !event.shiftKey ? 'redo' : null;
  }
  if (event.repeat || target?.closest(TYPING)) return null;
  if (key === '?') return 'help';
  if (key === '.') return 'step';
  if (key === '/') return 'search';
  if (key === ' ') return target?.closest(PRESSABLE) ? null : 'toggle';
  return event.shiftKey ? null : (letters[key] ?? null);
}
