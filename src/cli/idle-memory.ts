/**
 * Gives the garbage of a load back to the system when the load is over. V8 does that by itself only 100 s after it has
 * last collected the whole heap: it waits for a low rate of allocation, and takes none at all for a high one. With this
 * flag, which it reads each time, it no longer waits for that: within 8 s it collects, a little at a time, and shrinks
 * its young generation (before 30 s of life it never does).
 */
import { setFlagsFromString } from "node:v8";

/** Of one core: less than a few hundred small requests a second take. */
const idleShare = 0.03;
/** Looks in a row that find the process idle; between two bursts nothing is collected. */
const looksUntilIdle = 10;

/** Counts looks at how busy the process was since the one before. */
export class IdleWatch {
  #idleLooks = 0;

  /** @param busyShare processor time for each unit of time. @returns whether it is idle for good. */
  look(busyShare: number): boolean {
    this.#idleLooks = busyShare < idleShare ? this.#idleLooks + 1 : 0;
    return this.#idleLooks >= looksUntilIdle;
  }
}

/** For the whole process, so only one that is nothing but a broker asks for it. */
export function giveBackWhenIdle(lookEveryMs = 1000): void {
  const watch = new IdleWatch();
  let before = process.cpuUsage();
  let isIdle = false;
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const found = watch.look((user + system) / (lookEveryMs * 1000));
    if (found === isIdle) return;
    isIdle = found;
    setFlagsFromString(found ? "--optimize-for-size" : "--no-optimize-for-size");
  };
  setInterval(look, lookEveryMs).unref();
}
