import type { Clock, Rng } from "../coordinator/clock.ts";

/** A longer one wraps around in Node's timers, and would ring at once. */
const maxDelayMs = 2 ** 31 - 1;

/** The machine's own time. Timers keep the process alive only while something else does. */
export const machineClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(delayMs, callback) {
    if (delayMs > maxDelayMs) {
      let cancel = machineClock.after(maxDelayMs, () => {
        cancel = machineClock.after(delayMs - maxDelayMs, callback);
      });
      return () => cancel();
    }
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Drawn at once: a call into the system's generator costs as much as a few thousand bytes of it. */
const pool = new Uint8Array(4096);
let poolUsed = pool.length;

/** Randomness of the machine, fit for secrets. A broker that starts again needs none, and saves the 5 ms to load it. */
export const machineRng: Rng = {
  bytes(count) {
    const { randomFillSync } = process.getBuiltinModule("node:crypto");
    if (count > pool.length) return randomFillSync(new Uint8Array(count));
    if (poolUsed + count > pool.length) {
      randomFillSync(pool);
      poolUsed = 0;
    }
    const bytes = pool.slice(poolUsed, poolUsed + count);
    pool.fill(0, poolUsed, poolUsed + count); // what was given away is known to nobody else
    poolUsed += count;
    return bytes;
  },
};
