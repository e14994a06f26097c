/** "orders:0,2;payments:1": partitions by topic, as Kafka's tools write them. */
import type { TopicPartition } from "../../client/topic-partition.ts";

export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

/** "" if there are none. */
export function partitionList(partitions: readonly TopicPartition[]): string {
  const topics = Map.groupBy([...partitions].sort(byTopicAndPartition), ({ topic }) => topic);
  return [...topics].map(([topic, those]) => `${topic}:${those.map(({ partition }) => partition).join(",")}`).join(";");
}
