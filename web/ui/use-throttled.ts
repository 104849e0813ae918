/** A signal's value as a component wants it that is costly to draw: not more often than every so many ms. */

import { effect, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** The first value at once, then the latest at most every `interval` ms. */
export function useThrottled<T>(source: ReadonlySignal<T>, interval: number): T {
  const [value, setValue] = useState(() => source.peek());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      const next = source.value;
      if (timer !== undefined) return;
      setValue(() => next);
      timer = setTimeout(() => {
        timer = undefined;
        setValue(() => source.peek());
      }, interval);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source, interval]);
  return value;
}
