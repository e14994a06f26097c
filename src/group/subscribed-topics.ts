import { consumerProtocolType, topicsOf } from "./consumer-protocol.ts";
import type { Shard } from "./shard.ts";

/**
 * Whether a member of the group subscribes to a topic, as of its last generation (rules 39, 40). Where that cannot be
 * told, groups of consumers count as subscribed to all, others to none.
 */
export function subscribes(shard: Shard, groupId: string): (topic: string) => boolean {
  const live = shard.live.get(groupId);
  if (live?.protocolType !== consumerProtocolType) return () => false; // Empty groups subscribe to nothing
  const topics = subscribedTopics(live.subscriptions);
  return (topic) => topics === undefined || topics.has(topic);
}

/** undefined when that cannot be told: in a first round, or when the members write what only they can read. */
export function subscribedTopics(subscriptions: readonly Uint8Array[] | null): Set<string> | undefined {
  if (subscriptions === null) return undefined;
  const topics = new Set<string>();
  for (const subscription of subscriptions) {
    const some = topicsOf(subscription);
    if (some === undefined) return undefined;
    for (const topic of some) topics.add(topic);
  }
  return topics;
}
