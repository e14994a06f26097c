/** What a producer counts beside what all clients do. Nothing for each record: batches are counted. */
import { nowMs } from "../wait.ts";
import { errorOf, errorTypeOf, Snapshot } from "./client-metrics.ts";
import { RecentDurations } from "./durations.ts";
import type { Attributes, Metric } from "./metric.ts";

interface Sent {
  readonly topic: string;
  readonly errorType: string | undefined;
  records: number;
}

export class ProducerMetrics {
  readonly #sent = new Map<string, Sent>();
  readonly #queueTime = new RecentDurations(nowMs());
  #retried = 0;

  /** Their fate is told. @param error undefined: they are stored. */
  settled(topic: string, records: number, error: Error | undefined): void {
    const errorType = error === undefined ? undefined : errorTypeOf(error);
    const key = `${topic} ${errorType ?? ""}`;
    const sent = this.#sent.get(key);
    if (sent === undefined) this.#sent.set(key, { topic, errorType, records });
    else sent.records += records;
  }

  retried(records: number): void {
    this.#retried += records;
  }

  /** A batch leaves for the first time. */
  left(waitedMs: number, atMs: number): void {
    this.#queueTime.add(waitedMs, atMs);
  }

  snapshot(common: Attributes, buffer: { readonly totalBytes: number; readonly availableBytes: number }): Metric[] {
    const told = new Snapshot("producer", common);
    let [stored, failed] = [0, 0];
    for (const { topic, errorType, records } of this.#sent.values()) {
      if (errorType === undefined) stored += records;
      else failed += records;
      const attributes = { "messaging.destination.name": topic, ...errorOf(errorType) };
      told.number("messaging.client.sent.messages", records, attributes);
    }
    told.number("org.apache.kafka.producer.record.send.total", stored);
    told.number("org.apache.kafka.producer.record.error.total", failed);
    told.number("org.apache.kafka.producer.record.retry.total", this.#retried);
    told.recent("org.apache.kafka.producer.record.queue.time", this.#queueTime);
    told.number("org.apache.kafka.producer.buffer.total.bytes", buffer.totalBytes);
    told.number("org.apache.kafka.producer.buffer.available.bytes", buffer.availableBytes);
    return told.metrics;
  }
}
