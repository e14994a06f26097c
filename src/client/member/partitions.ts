/** Sets of partitions, as lists in an order that people read. */
import type { TopicPartitions } from "../../protocol/consumer-protocol.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";

export type Partitions = readonly TopicPartition[];

export function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}

export function without(partitions: Partitions, others: Partitions): Partitions {
  const keys = new Set(others.map(keyOf));
  return partitions.filter((each) => !keys.has(keyOf(each)));
}

export function flat(byTopic: readonly TopicPartitions[]): Partitions {
  return byTopic.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

export function byTopic(partitions: Partitions): TopicPartitions[] {
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  return Array.from(topics, ([topic, of]) => ({ topic, partitions: of.map(({ partition }) => partition) }));
}

/** "orders-0, orders-1" */
export function listed(partitions: Partitions): string {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(", ");
}
