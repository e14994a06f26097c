import {
  api,
  array,
  int8,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** The kept state of share partitions (KIP-932). */
export const ReadShareGroupState = api(84, "ReadShareGroupState", {
  versions: [0, 0],
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
        startOffset: int64,
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
});

export type ReadShareGroupStateRequest = RequestOf<typeof ReadShareGroupState>;
export type ReadShareGroupStateResponse = ResponseInput<typeof ReadShareGroupState>;
