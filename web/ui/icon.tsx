/**
 * Icons from the lucide set, one `<svg>` each. They are decoration: the control around one carries the name.
 *
 * Those here are on the first picture of the page; the others are in more-icons.ts, and come with the panels.
 */

import { signal } from '@preact/signals';
import {
  CircleAlert,
  CircleQuestionMark,
  Copy,
  FileUp,
  Info,
  Maximize,
  Minus,
  Monitor,
  Moon,
  Pause,
  Play,
  Plus,
  Redo2,
  RotateCcw,
  SkipForward,
  Square,
  Sun,
  TriangleAlert,
  Undo2,
  X,
} from 'lucide';
import { h, type JSX } from 'preact';
import type { moreIcons } from './more-icons.ts';

const icons = {
  alert: CircleAlert,
  close: X,
  copy: Copy,
  fit: Maximize,
  help: CircleQuestionMark,
  info: Info,
  minus: Minus,
  open: FileUp,
  pause: Pause,
  play: Play,
  plus: Plus,
  redo: Redo2,
  restart: RotateCcw,
  step: SkipForward,
  stop: Square,
  'theme-dark': Moon,
  'theme-light': Sun,
  'theme-system': Monitor,
  undo: Undo2,
  warning: TriangleAlert,
};

type Drawing = (typeof icons)[keyof typeof icons];

export type IconName = keyof typeof icons | keyof typeof moreIcons;

/** Those that were drawn before they were known are drawn then. */
const known = signal<Partial<Record<IconName, Drawing>>>(icons);

/** Takes the others. */
export function addIcons(more: Partial<Record<IconName, Drawing>>): void {
  known.value = { ...known.peek(), ...more };
}

export interface IconProps {
  name: IconName;
  /** Side in pixels. */
  size?: number;
}

export function Icon({ name, size = 16 }: IconProps): JSX.Element {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {known.value[name]?.map(([tag, attributes], i) => h(tag, { key: i, ...attributes }))}
    </svg>
  );
}
