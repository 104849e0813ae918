/**
 * A turn of the event loop: whatever has arrived is handled before it resolves. Timers are no use for this (they
 * wait at least 4 ms and are throttled in background tabs): in a browser it is a message to oneself, in Node an
 * immediate, because Node delivers a thousand messages of one port before it looks at another.
 */
export function createTurn(): () => Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
  if (setImmediate !== undefined) {
    return () =>
      new Promise((resolve) => {
        setImmediate(resolve);
      });
  }
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
