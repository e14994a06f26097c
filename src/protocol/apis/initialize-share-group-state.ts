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

/** The share coordinator begins to keep the state of partitions (KIP-932). */
export const InitializeShareGroupState = api(83, "InitializeShareGroupState", {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64,
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
      }),
    }),
  },
});

export type InitializeShareGroupStateRequest = RequestOf<typeof InitializeShareGroupState>;
export type InitializeShareGroupStateResponse = ResponseInput<typeof InitializeShareGroupState>;
