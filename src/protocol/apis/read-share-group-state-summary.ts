import {
  api,
  array,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** Start offset and epochs of share partitions, without their batches (KIP-932, 1226). */
export const ReadShareGroupStateSummary = api(87, "ReadShareGroupStateSummary", {
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1).default(-1).ignorable(),
      }),
    }),
  },
});

export type ReadShareGroupStateSummaryRequest = RequestOf<typeof ReadShareGroupStateSummary>;
export type ReadShareGroupStateSummaryResponse = ResponseInput<typeof ReadShareGroupStateSummary>;
