/** What a consumer counts beside what all clients do. */
import type { MemberFact } from "../member/member-fact.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { nowMs } from "../wait.ts";
import { type ClientMetrics, Snapshot } from "./client-metrics.ts";
import { DurationHistogram, RecentDurations } from "./durations.ts";
import type { Attributes, Metric } from "./metric.ts";

/** Counted at each record: whoever reads holds on to it. */
export interface TopicCounts {
  records: number;
  bytes: number;
}

export interface PartitionLag extends TopicPartition {
  /** Undefined: nothing was fetched of it yet. */
  readonly lag: number | undefined;
}

export class ConsumerMetrics {
  readonly #topics = new Map<string, TopicCounts>();
  readonly #rebalances = new RecentDurations(nowMs());
  readonly #pauses = new DurationHistogram();
  #failedRebalances = 0;
  #isRebalancing = false;

  topic(name: string): TopicCounts {
    let counts = this.#topics.get(name);
    if (counts === undefined) {
      counts = { records: 0, bytes: 0 };
      this.#topics.set(name, counts);
    }
    return counts;
  }

  happened(fact: MemberFact): void {
    switch (fact.type) {
      case "MemberRebalanceStarted":
        this.#isRebalancing = true;
        return;
      case "MemberRebalanceCompleted":
        this.#isRebalancing = false;
        this.#rebalances.add(fact.durationMs, nowMs());
        for (const { pauseMs } of fact.pauses) this.#pauses.add(pauseMs);
        return;
      case "MembershipEnded":
        if (this.#isRebalancing) this.#failedRebalances++;
        this.#isRebalancing = false;
    }
  }

  snapshot(client: ClientMetrics, common: Attributes, partitions: readonly PartitionLag[]): Metric[] {
    const told = new Snapshot("consumer", common);
    for (const [topic, { records, bytes }] of this.#topics) {
      told.number("messaging.client.consumed.messages", records, { "messaging.destination.name": topic });
      told.number("org.apache.kafka.consumer.fetch.manager.bytes.consumed.total", bytes, { topic });
    }
    told.recent("org.apache.kafka.consumer.fetch.manager.fetch.latency", client.durationsOf("Fetch"));
    told.recent("org.apache.kafka.consumer.coordinator.commit.latency", client.durationsOf("OffsetCommit"));
    tellLag(told, partitions);
    told.number("org.apache.kafka.consumer.coordinator.assigned.partitions", partitions.length);
    const heartbeats = client.durationsOf("Heartbeat").count;
    told.number("org.apache.kafka.consumer.coordinator.heartbeat.total", heartbeats);
    told.number("org.apache.kafka.consumer.coordinator.rebalance.total", this.#rebalances.count);
    told.number("org.apache.kafka.consumer.coordinator.failed.rebalance.total", this.#failedRebalances);
    told.recent("org.apache.kafka.consumer.coordinator.rebalance.latency", this.#rebalances);
    told.number("org.apache.kafka.consumer.coordinator.rebalance.latency.total", this.#rebalances.totalMs);
    told.histogram("regroup.consumer.partition.pause", this.#pauses);
    return told.metrics;
  }
}

function tellLag(told: Snapshot, partitions: readonly PartitionLag[]): void {
  const known = partitions.flatMap(({ topic, partition, lag }) => (lag === undefined ? [] : { topic, partition, lag }));
  for (const { lag, ...where } of known) {
    told.number("org.apache.kafka.consumer.fetch.manager.records.lag", lag, where);
  }
  if (known.length === 0) return;
  const most = Math.max(...known.map(({ lag }) => lag));
  told.number("org.apache.kafka.consumer.fetch.manager.records.lag.max", most);
}
