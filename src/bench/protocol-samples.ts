/** The messages that the benchmark of the codecs reads and writes; the same as its Java side builds. */
import type { JoinGroup } from "../protocol/apis/join-group.ts";
import type { OffsetCommit } from "../protocol/apis/offset-commit.ts";
import type { RequestOf, ResponseOf } from "../protocol/schema.ts";

export type JoinGroupResponse = ResponseOf<typeof JoinGroup>;
export type OffsetCommitRequest = RequestOf<typeof OffsetCommit>;

/** The leader's answer in a group of 20: member ids of 54 characters, subscriptions of 40 bytes. */
export function joinGroupResponse(): JoinGroupResponse {
  const memberId = (n: number) => flat(`consumer-billing-${n}-${n}9f1c6e2-7a40-4d1b-9c55-0f2b8e6d7a3`);
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    generationId: 17,
    protocolType: "consumer",
    protocolName: "range",
    leader: memberId(10),
    skipAssignment: false,
    memberId: memberId(10),
    members: Array.from({ length: 20 }, (_, n) => ({
      memberId: memberId(10 + n),
      groupInstanceId: null,
      metadata: new Uint8Array(40).fill(n),
    })),
  };
}

/** A commit of 10 topics with 10 partitions each. */
export function offsetCommitRequest(): OffsetCommitRequest {
  return {
    groupId: "billing",
    generationIdOrMemberEpoch: 17,
    memberId: "consumer-billing-1-09f1c6e2-7a40-4d1b-9c55-0f2b8e6d7a31",
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: Array.from({ length: 10 }, (_, topic) => ({
      name: `orders-${topic}`,
      topicId: "AAAAAAAAAAAAAAAAAAAAAA",
      partitions: Array.from({ length: 10 }, (_, partitionIndex) => ({
        partitionIndex,
        committedOffset: 1_234_567 + partitionIndex,
        committedLeaderEpoch: 3,
        committedMetadata: "",
      })),
    })),
  };
}

/** A string as the broker holds them: read from bytes, in one piece. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}
