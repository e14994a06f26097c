import type { Clock, Instant } from "../../src/coordinator/clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that moves only when told. Between two alarms pending promises run, as they would between two real timers. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #epochMs: number;
  readonly #alarms = new Set<Alarm>();

  constructor(epochMs = Date.UTC(2026, 0, 1, 10, 0, 0)) {
    this.#epochMs = epochMs;
  }

  now(): Instant {
    return { monotonicMs: this.#nowMs, wallMs: this.#epochMs + this.#nowMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  get pendingAlarms(): number {
    return this.#alarms.size;
  }

  /** Moves time on by `ms`, ringing what comes due on the way, in order. */
  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await settle();
    }
    this.#nowMs = until;
  }

  #next(until: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs > until) continue;
      if (!first || alarm.atMs < first.atMs || (alarm.atMs === first.atMs && alarm.order < first.order)) first = alarm;
    }
    return first;
  }
}

/** Lets every promise that can go on do so. A turn of the event loop runs all microtasks first. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
