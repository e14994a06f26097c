/** What a topic's configs demand of produced batches, read once for each state of the configs. */
import type { LogConfig } from "../log/log.ts";
import { topicConfigKey } from "../metadata/topic-configs.ts";
import type { ProduceRules } from "../protocol/records/validate.ts";
import type { BrokerServices, LedPartition } from "./context.ts";

type TopicRules = Omit<ProduceRules, "produceVersion" | "nowMs">;

/** A change of any config hands the logs new ones (metadata-view.ts): the old rules go with the old config. */
const rulesOf = new WeakMap<LogConfig, TopicRules>();

export function produceRules({ topic, log }: LedPartition, { metadata }: BrokerServices): TopicRules {
  const known = rulesOf.get(log.config);
  if (known !== undefined) return known;
  const read = <T>(name: string): T =>
    topicConfigKey(name)!.key.parse(name, metadata.topicConfig(topic.name, name)) as T;
  const rules: TopicRules = {
    timestampType: read("message.timestamp.type"),
    timestampBeforeMaxMs: read("message.timestamp.before.max.ms"),
    timestampAfterMaxMs: read("message.timestamp.after.max.ms"),
    compression: read("compression.type"),
    compacted: log.config.cleanupPolicy.compact,
    maxMessageBytes: log.config.maxMessageBytes,
  };
  rulesOf.set(log.config, rules);
  return rules;
}
