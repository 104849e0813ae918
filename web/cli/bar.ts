/** One line of progress on a terminal, written over itself. */
import type { Progress } from '../protocol/messages.ts';

const WIDTH = 24;

function duration(seconds: number): string {
  if (seconds < 90) {
    return `${Math.ceil(seconds)} s`;
  }
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function barText(progress: Progress, loss: number | null): string {
  const { stage, done, total, epoch, epochs, rows_per_second: rate, seconds_left: left } = progress;
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const filled = Math.round(share * WIDTH);
  const parts = [
    `${stage.padEnd(8)} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(share * 100)} %`,
  ];
  if (epochs > 0) parts.push(`epoch ${Math.min(epoch + 1, epochs)} of ${epochs}`);
  if (loss !== null) parts.push(`loss ${loss.toPrecision(4)}`);
  if (rate !== null) parts.push(`${Math.round(rate).toLocaleString('en')} rows/s`);
  if (left !== null) parts.push(`${duration(left)} left`);
  return parts.join(' · ');
}

export interface Bar {
  show(progress: Progress): void;
  clear(): void;
}

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export function createBar(terminal: Terminal): Bar {
  let loss: number | null = null;
  let shown = false;
  return {
    show(progress) {
      if (!terminal.isTTY) return;
      loss = progress.series.at(-1)?.train ?? loss;
      const text = barText(progress, loss).slice(0, (terminal.columns ?? 80) - 1);
      terminal.write(`\r\u001b[K${text}`);
      shown = true;
    },
    clear() {
      if (shown) terminal.write('\r\u001b[K');
      shown = false;
    },
  };
}
