/**
 * What consumers tell each other inside JoinGroup and SyncGroup, past a coordinator that need not read it: protocol
 * type "consumer" of classic groups (KIP-429, 792, 881).
 */
import { decodeMessageAt, encodePrefixed, prefixOf } from "./codec.ts";
import { ProtocolError } from "./protocol-error.ts";
import { array, bytes, int32, type Message, type MessageOf, message, nullable, string } from "./schema.ts";

/** The value of JoinGroup's `protocolType` whose metadata are subscriptions. */
export const consumerProtocolType = "consumer";

const topicPartitions = { topic: string, partitions: array(int32) };

export const ConsumerProtocolSubscription = message("ConsumerProtocolSubscription", {
  versions: [0, 3],
  fields: {
    topics: array(string),
    userData: nullable(bytes).default(null),
    ownedPartitions: array(topicPartitions).since(1).ignorable(),
    generationId: int32.since(2).default(-1).ignorable(),
    rackId: nullable(string).since(3).ignorable(),
  },
});

export const ConsumerProtocolAssignment = message("ConsumerProtocolAssignment", {
  versions: [0, 3],
  fields: {
    assignedPartitions: array(topicPartitions),
    userData: nullable(bytes).default(null),
  },
});

export type Subscription = MessageOf<typeof ConsumerProtocolSubscription>;
export type Assignment = MessageOf<typeof ConsumerProtocolAssignment>;
export type TopicPartitions = Assignment["assignedPartitions"][number];

const latestVersion = 3;

/** Topics, and owned partitions by topic and number, go out sorted: equal subscriptions have equal bytes. */
export function encodeSubscription(subscription: Subscription, version = latestVersion): Uint8Array {
  return encodePrefixed(ConsumerProtocolSubscription, version, {
    ...subscription,
    topics: subscription.topics.toSorted(),
    ownedPartitions: sortedPartitions(subscription.ownedPartitions),
  });
}

/** A generation below 0 reads as -1 and an empty rack as null: none. @throws {ProtocolError} */
export function decodeSubscription(encoded: Uint8Array): Subscription {
  const subscription = decodeTolerantly(ConsumerProtocolSubscription, encoded);
  subscription.generationId = Math.max(-1, subscription.generationId);
  subscription.rackId = subscription.rackId || null;
  return subscription;
}

export function encodeAssignment(assignment: Assignment, version = latestVersion): Uint8Array {
  return encodePrefixed(ConsumerProtocolAssignment, version, assignment);
}

/** @throws {ProtocolError} */
export function decodeAssignment(encoded: Uint8Array): Assignment {
  return decodeTolerantly(ConsumerProtocolAssignment, encoded);
}

/** Later versions only add to the end: they are read as the latest known one, and the rest is left. */
function decodeTolerantly<M extends Message>(schema: M, encoded: Uint8Array): MessageOf<M> {
  const version = prefixOf(encoded);
  if (version < 0) throw new ProtocolError("unknown version", `${schema.name}: version ${version}`);
  return decodeMessageAt(schema, Math.min(version, latestVersion), encoded, 2).value;
}

function sortedPartitions(owned: readonly TopicPartitions[]): TopicPartitions[] {
  const byTopic = Map.groupBy(owned, ({ topic }) => topic);
  return [...byTopic.keys()].sort().map((topic) => {
    const partitions = byTopic.get(topic)!.flatMap((each) => each.partitions);
    return { topic, partitions: partitions.sort((a, b) => a - b) };
  });
}
