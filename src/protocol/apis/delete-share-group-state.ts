import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

/** State of share partitions is forgotten (KIP-932). */
export const DeleteShareGroupState = api(86, "DeleteShareGroupState", {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
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

export type DeleteShareGroupStateRequest = RequestOf<typeof DeleteShareGroupState>;
export type DeleteShareGroupStateResponse = ResponseInput<typeof DeleteShareGroupState>;
