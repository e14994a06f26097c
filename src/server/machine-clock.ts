import type { Clock, Rng } from "../coordinator/clock.ts";

/** The machine's own time. Timers keep the process alive only while something else does. */
export const machineClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Randomness of the machine, fit for secrets. A broker that starts again needs none, and saves the 5 ms to load it. */
export const machineRng: Rng = {
  bytes: (count) => process.getBuiltinModule("node:crypto").randomFillSync(new Uint8Array(count)),
};
