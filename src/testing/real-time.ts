/**
 * The machine's own time, taken when this module is loaded: a test that puts false timers in place of the global ones
 * means its clients, not the wait for them.
 */
const { setTimeout, clearTimeout, setImmediate, performance } = globalThis;

export const realNowMs = (): number => performance.now();

/** @returns a function that calls it off. */
export function afterRealMs(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** One turn of the event loop: what sockets have brought is read, what promises wait for goes on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
