import { api, array, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Where a leader epoch ended, for consumers that look for truncation (KIP-101, 320). */
export const OffsetForLeaderEpoch = api(23, "OffsetForLeaderEpoch", {
  versions: [2, 4],
  flexible: 4,
  request: {
    replicaId: int32.since(3).default(-2).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.default(-1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: int32.default(-1),
        endOffset: int64.default(-1),
      }),
    }),
  },
});

export type OffsetForLeaderEpochRequest = RequestOf<typeof OffsetForLeaderEpoch>;
export type OffsetForLeaderEpochResponse = ResponseInput<typeof OffsetForLeaderEpoch>;
