import { consumerProtocolType, topicsOf } from "./consumer-protocol.ts";
import type { Shard } from "./shard.ts";

/**
 * Whether a member of the group subscribes to a topic (rules 39, 40). Where that cannot be told, groups of consumers
 * count as subscribed to all, others to none.
 */
export function subscribes(shard: Shard, groupId: string): (topic: string) => boolean {
  const saved = shard.durable.groups.get(groupId);
  const live = shard.live.get(groupId);
  const isConsumer = (live?.protocolType ?? saved?.protocolType) === consumerProtocolType;
  const topics = isConsumer ? subscribedTopics(shard, groupId) : new Set<string>();
  return (topic) => topics === undefined || topics.has(topic);
}

/** The topics of a group of consumers, as of its current generation; undefined when that cannot be told. */
export function subscribedTopics(shard: Shard, groupId: string): Set<string> | undefined {
  const subscriptions = currentSubscriptions(shard, groupId);
  if (subscriptions === undefined) return undefined;
  const topics = new Set<string>();
  for (const subscription of subscriptions) {
    const some = topicsOf(subscription);
    if (some === undefined) return undefined;
    for (const topic of some) topics.add(topic);
  }
  return topics;
}

function currentSubscriptions(shard: Shard, groupId: string): readonly Uint8Array[] | undefined {
  const live = shard.live.get(groupId);
  const saved = shard.durable.groups.get(groupId);
  if (live?.state === "CompletingRebalance") {
    return Array.from(live.members.values(), (member) => member.metadata(live.protocolName ?? ""));
  }
  // A group in its first round has no generation that could tell.
  if (saved?.protocolType !== consumerProtocolType) return undefined;
  return saved.members.map(({ subscription }) => subscription);
}
