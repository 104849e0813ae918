/**
 * Icons from the lucide set, one `<svg>` each. They are decoration: the control around one carries the name.
 */

import {
  ChevronDown,
  ChevronRight,
  CircleAlert,
  CircleQuestionMark,
  Copy,
  FileUp,
  Fingerprint,
  Hash,
  Info,
  Keyboard,
  Maximize,
  Minus,
  Monitor,
  Moon,
  Pause,
  Pin,
  PinOff,
  Play,
  Plus,
  RotateCcw,
  Ruler,
  SkipForward,
  Square,
  Sun,
  Table2,
  Tags,
  TriangleAlert,
  Type,
  X,
  ZoomIn,
  ZoomOut,
} from 'lucide';
import { h, type JSX } from 'preact';

const icons = {
  alert: CircleAlert,
  category: Tags,
  close: X,
  collapse: ChevronDown,
  copy: Copy,
  expand: ChevronRight,
  fit: Maximize,
  help: CircleQuestionMark,
  identifier: Fingerprint,
  info: Info,
  keyboard: Keyboard,
  log: Ruler,
  minus: Minus,
  number: Hash,
  open: FileUp,
  pause: Pause,
  pin: Pin,
  play: Play,
  plus: Plus,
  restart: RotateCcw,
  step: SkipForward,
  stop: Square,
  table: Table2,
  text: Type,
  'theme-dark': Moon,
  'theme-light': Sun,
  'theme-system': Monitor,
  unpin: PinOff,
  warning: TriangleAlert,
  'zoom-in': ZoomIn,
  'zoom-out': ZoomOut,
};

export type IconName = keyof typeof icons;

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
      {icons[name].map(([tag, attributes], i) => h(tag, { key: i, ...attributes }))}
    </svg>
  );
}
