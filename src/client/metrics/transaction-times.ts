/** How long a producer's calls for transactions have taken, altogether (KIP-761). */
import { nowMs } from "../wait.ts";
import { Snapshot } from "./client-metrics.ts";
import type { Attributes, Metric } from "./metric.ts";

const calls = ["init", "begin", "send.offsets", "commit", "abort"] as const;
type Call = (typeof calls)[number];

export class TransactionTimes {
  readonly #totalMs = new Map<Call, number>(calls.map((call) => [call, 0]));

  /** Also one that fails takes its time. */
  async of<T>(call: Call, made: Promise<T>): Promise<T> {
    const sinceMs = nowMs();
    try {
      return await made;
    } finally {
      this.#totalMs.set(call, this.#totalMs.get(call)! + nowMs() - sinceMs);
    }
  }

  snapshot(common: Attributes): Metric[] {
    const told = new Snapshot("producer", common);
    for (const [call, ms] of this.#totalMs) {
      told.number(`org.apache.kafka.producer.txn.${call}.time.ns.total`, Math.round(ms * 1e6));
    }
    return told.metrics;
  }
}
