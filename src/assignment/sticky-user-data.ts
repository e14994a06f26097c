/** What sticky assignors tell the next leader through the members' subscriptions; rule 55. */
import { decodeMessage, encodeMessage } from "../protocol/codec.ts";
import type { TopicPartitions } from "../protocol/consumer-protocol.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import { array, int32, message, string } from "../protocol/schema.ts";

/** Of "sticky". Version 0 is of clients before 2.3, which knew no generation. Nothing on the wire tells the version. */
const StickyUserData = message("StickyUserData", {
  versions: [0, 1],
  fields: {
    previousAssignment: array({ topic: string, partitions: array(int32) }),
    generation: int32.since(1).default(-1).ignorable(),
  },
});

/** Of "cooperative-sticky". */
const CooperativeStickyUserData = message("CooperativeStickyUserData", {
  versions: [0, 0],
  fields: { generation: int32 },
});

export function encodeStickyUserData(previousAssignment: readonly TopicPartitions[], generation: number): Uint8Array {
  return encodeMessage(StickyUserData, 1, { previousAssignment: [...previousAssignment], generation });
}

/** Bytes that are neither version read as no claims: another assignor may have written them. */
export function decodeStickyUserData(userData: Uint8Array | null): {
  partitions: TopicPartitions[];
  generation: number;
} {
  if (userData === null || userData.length === 0) return { partitions: [], generation: -1 };
  const { previousAssignment, generation } = attempt(() => decodeMessage(StickyUserData, 1, userData)) ??
    attempt(() => decodeMessage(StickyUserData, 0, userData)) ?? { previousAssignment: [], generation: -1 };
  return { partitions: previousAssignment, generation };
}

export function encodeCooperativeStickyUserData(generation: number): Uint8Array {
  return encodeMessage(CooperativeStickyUserData, 0, { generation });
}

/** @returns the generation; -1 if there is none */
export function decodeCooperativeStickyUserData(userData: Uint8Array | null): number {
  if (userData === null) return -1;
  return attempt(() => decodeMessage(CooperativeStickyUserData, 0, userData))?.generation ?? -1;
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
