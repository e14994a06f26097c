import { decodeMessageAt, prefixOf } from "../protocol/codec.ts";
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  type TopicPartitions,
} from "../protocol/consumer-protocol.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import type { Message, MessageOf } from "../protocol/schema.ts";

export { consumerProtocolType } from "../protocol/consumer-protocol.ts";

/** undefined when the bytes are no subscription. */
export function topicsOf(subscription: Uint8Array): readonly string[] | undefined {
  return read(ConsumerProtocolSubscription, subscription)?.topics;
}

/** undefined when the bytes are no assignment; no bytes are no partitions. */
export function partitionsOf(assignment: Uint8Array): readonly TopicPartitions[] | undefined {
  return assignment.length === 0 ? [] : read(ConsumerProtocolAssignment, assignment)?.assignedPartitions;
}

/** As version 0, which all later ones begin with: so a coordinator never stands in the way of a newer client. */
function read<M extends Message>(schema: M, bytes: Uint8Array): MessageOf<M> | undefined {
  try {
    return prefixOf(bytes) < 0 ? undefined : decodeMessageAt(schema, 0, bytes, 2).value;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
