/** Which single key stands for which action, and when a key press is typing instead. */

export type Shortcut = 'toggle' | 'step' | 'help';

/** The part of a KeyboardEvent that is looked at. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  defaultPrevented: boolean;
  target: EventTarget | null;
}

/** Elements that take characters themselves. */
const TYPING =
  'input:not([type=checkbox], [type=radio], [type=range], [type=file]), select, textarea, [contenteditable]';
/** Elements that Space presses. */
const PRESSABLE = 'button, summary, a, input, label, [role=button]';

/** The shortcut of a key press; null when it is none, or belongs to what has the focus. */
export function pressed(event: KeyPress): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(TYPING) || target?.closest('dialog')) return null;
  if (event.key === '?') return 'help';
  if (event.key === '.') return 'step';
  return event.key === ' ' && !target?.closest(PRESSABLE) ? 'toggle' : null;
}
