import { setTimeout as pause } from "node:timers/promises";

/** Awaits a state that no request announces: asks again and again, 15 s at most. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  limitMs = 15_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await pause(15);
  }
}

/** Does something again and again for so long: what must stay true cannot be awaited. */
export async function during(ms: number, act: () => Promise<void>): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await act();
    await pause(20);
  }
}
