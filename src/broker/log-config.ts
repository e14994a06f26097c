import type { LogConfig } from "../log/log.ts";
import { topicConfigKey } from "../metadata/topic-configs.ts";

/** What of a topic's configs the log acts on. @param inForce a config's value, the topic's own or the default. */
export function logConfigOf(inForce: (name: string) => string): LogConfig {
  const read = <T>(name: string): T => topicConfigKey(name)!.key.parse(name, inForce(name)) as T;
  const policies = read<string[]>("cleanup.policy");
  return {
    cleanupPolicy: { delete: policies.includes("delete"), compact: policies.includes("compact") },
    retentionMs: read("retention.ms"),
    retentionBytes: read("retention.bytes"),
    segmentBytes: read("segment.bytes"),
    segmentMs: read("segment.ms"),
    indexIntervalBytes: read("index.interval.bytes"),
    maxMessageBytes: read("max.message.bytes"),
    deleteRetentionMs: read("delete.retention.ms"),
    minCompactionLagMs: read("min.compaction.lag.ms"),
    maxCompactionLagMs: read("max.compaction.lag.ms"),
    minCleanableDirtyRatio: read("min.cleanable.dirty.ratio"),
    fileDeleteDelayMs: read("file.delete.delay.ms"),
  };
}
