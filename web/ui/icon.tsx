/**
 * Icons from the lucide set, one `<svg>` each. They are decoration: the control around one carries the name.
 */

import {
  Bookmark,
  Brush,
  Check,
  ChevronDown,
  ChevronRight,
  CircleAlert,
  CircleQuestionMark,
  Copy,
  Dices,
  Download,
  Eye,
  EyeOff,
  FileUp,
  Fingerprint,
  Focus,
  Hand,
  Hash,
  Info,
  Keyboard,
  Lasso,
  Link,
  ListFilter,
  Maximize,
  Minus,
  Monitor,
  Moon,
  Pause,
  Pin,
  PinOff,
  Play,
  Plus,
  Redo2,
  RotateCcw,
  Ruler,
  SkipForward,
  SlidersHorizontal,
  Square,
  SquareDashed,
  SquareSquare,
  SquaresIntersect,
  SquaresSubtract,
  SquaresUnite,
  Sun,
  Table2,
  Tags,
  Target,
  Trash2,
  TriangleAlert,
  Type,
  Undo2,
  X,
  ZoomIn,
  ZoomOut,
} from 'lucide';
import { h, type JSX } from 'preact';

const icons = {
  add: SquaresUnite,
  alert: CircleAlert,
  bookmark: Bookmark,
  box: SquareDashed,
  brush: Brush,
  category: Tags,
  check: Check,
  close: X,
  collapse: ChevronDown,
  copy: Copy,
  dice: Dices,
  download: Download,
  expand: ChevronRight,
  eye: Eye,
  'eye-off': EyeOff,
  find: ListFilter,
  fit: Maximize,
  forget: Trash2,
  help: CircleQuestionMark,
  identifier: Fingerprint,
  info: Info,
  intersect: SquaresIntersect,
  keyboard: Keyboard,
  lasso: Lasso,
  link: Link,
  log: Ruler,
  minus: Minus,
  number: Hash,
  only: Focus,
  open: FileUp,
  pan: Hand,
  pause: Pause,
  pin: Pin,
  play: Play,
  plus: Plus,
  redo: Redo2,
  replace: SquareSquare,
  restart: RotateCcw,
  settings: SlidersHorizontal,
  step: SkipForward,
  stop: Square,
  subtract: SquaresSubtract,
  table: Table2,
  target: Target,
  text: Type,
  'theme-dark': Moon,
  'theme-light': Sun,
  'theme-system': Monitor,
  undo: Undo2,
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
