/** What a topic's configs demand of produced batches, read once for each state of the configs. */
import { topicConfigKey } from "../metadata/topic-configs.ts";
import type { ProduceRules } from "../protocol/records/validate.ts";
import type { BrokerServices, LedPartition, TopicImage } from "./context.ts";

type TopicRules = Omit<ProduceRules, "produceVersion" | "nowMs">;

/** Not by the log's config: logs share one object among topics that differ in what only produce looks at. */
const rulesOf = new WeakMap<TopicImage, { readonly configEpoch: number; readonly rules: TopicRules }>();

export function produceRules({ topic, log }: LedPartition, { metadata }: BrokerServices): TopicRules {
  const { configEpoch } = metadata;
  const known = rulesOf.get(topic);
  if (known?.configEpoch === configEpoch) return known.rules;
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
  rulesOf.set(topic, { configEpoch, rules });
  return rules;
}
