import { topicConfigKey } from "../metadata/topic-configs.ts";
import type { BrokerConfig } from "./config.ts";
import type { Logger, MetadataView } from "./context.ts";

/**
 * While every append is synced a topic may set any flush.messages and flush.ms. A broker that is started again with a
 * larger log.flush.interval.messages keeps none of them, which who set them must hear of.
 */
export function warnOfUnkeptFlushes(metadata: MetadataView, config: BrokerConfig, logger: Logger): void {
  if (config.get("log.flush.interval.messages") === 1) return;
  for (const { name: topic } of metadata.topics()) {
    for (const name of ["flush.messages", "flush.ms"]) {
      const own = metadata.ownConfigs("TOPIC", topic).get(name);
      if (own === undefined || topicConfigKey(name)!.key.canonical(own) === config.topicDefault(name)) continue;
      logger.warn({ topic }, `${name}=${own} of topic ${topic} is not kept: log.flush.interval.messages is not 1`);
    }
  }
}
