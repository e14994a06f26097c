/** What was measured between the end of the warm-up and the end. */
export class Latencies {
  readonly #ms: number[] = [];

  add(ms: number): void {
    this.#ms.push(ms);
  }

  get count(): number {
    return this.#ms.length;
  }

  percentiles(): { p50: number; p99: number; p999: number } {
    const sorted = Float64Array.from(this.#ms).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
  }
}

/** The same clock in all processes and threads of a machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
