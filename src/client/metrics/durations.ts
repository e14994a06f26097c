/** Durations, kept without an allocation for each. */
import type { HistogramMetric } from "./metric.ts";

/** In seconds, as OpenTelemetry advises for messaging.client.operation.duration. */
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

export class DurationHistogram {
  readonly #counts = new Array<number>(boundaries.length + 1).fill(0);
  #count = 0;
  #sumMs = 0;

  add(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    let bucket = 0;
    while (bucket < boundaries.length && ms > boundaries[bucket]! * 1000) bucket++;
    this.#counts[bucket]!++;
  }

  /** In seconds. */
  get told(): Pick<HistogramMetric, "count" | "sum" | "boundaries" | "counts"> {
    return { count: this.#count, sum: this.#sumMs / 1000, boundaries, counts: [...this.#counts] };
  }
}

/** As Java's metrics.sample.window.ms and metrics.num.samples: an average looks back for 30 to 60 s. */
const windowMs = 30_000;

interface Window {
  count: number;
  sumMs: number;
  maxMs: number;
}

const empty = (): Window => ({ count: 0, sumMs: 0, maxMs: 0 });

/** Average and maximum of the last 30 to 60 s, and the sum of all there ever were. */
export class RecentDurations {
  #before = empty();
  #now = empty();
  #sinceMs: number;
  totalMs = 0;
  count = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  add(ms: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#now.count++;
    this.#now.sumMs += ms;
    if (ms > this.#now.maxMs) this.#now.maxMs = ms;
    this.totalMs += ms;
    this.count++;
  }

  /** @returns undefined when there were none. */
  told(nowMs: number): { readonly avgMs: number; readonly maxMs: number } | undefined {
    this.#turn(nowMs);
    const count = this.#before.count + this.#now.count;
    if (count === 0) return undefined;
    const avgMs = (this.#before.sumMs + this.#now.sumMs) / count;
    return { avgMs, maxMs: Math.max(this.#before.maxMs, this.#now.maxMs) };
  }

  #turn(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#sinceMs) / windowMs);
    if (passed <= 0) return;
    this.#before = passed === 1 ? this.#now : empty();
    this.#now = empty();
    this.#sinceMs += passed * windowMs;
  }
}
