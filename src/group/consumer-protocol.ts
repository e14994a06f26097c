import { decodeMessageAt, prefixOf } from "../protocol/codec.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import { array, int32, type Message, type MessageOf, message, string } from "../protocol/schema.ts";

/** The protocol type whose subscriptions and assignments a coordinator may look into. */
export const consumerProtocolType = "consumer";

/** What all versions begin with; Kafka's coordinator reads no further either, so that it never stands in the way. */
const subscriptionPrefix = message("ConsumerProtocolSubscription", {
  versions: [0, 0],
  fields: { topics: array(string) },
});
const assignmentPrefix = message("ConsumerProtocolAssignment", {
  versions: [0, 0],
  fields: { assignedPartitions: array({ topic: string, partitions: array(int32) }) },
});

/** undefined when the bytes are no subscription. */
export function topicsOf(subscription: Uint8Array): readonly string[] | undefined {
  return read(subscriptionPrefix, subscription)?.topics;
}

/** undefined when the bytes are no assignment; no bytes are no partitions. */
export function partitionsOf(
  assignment: Uint8Array,
): MessageOf<typeof assignmentPrefix>["assignedPartitions"] | undefined {
  return assignment.length === 0 ? [] : read(assignmentPrefix, assignment)?.assignedPartitions;
}

function read<M extends Message>(prefix: M, bytes: Uint8Array): MessageOf<M> | undefined {
  try {
    return prefixOf(bytes) < 0 ? undefined : decodeMessageAt(prefix, 0, bytes, 2).value;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
