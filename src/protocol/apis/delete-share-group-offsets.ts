import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

/** Start offsets of a share group go, topic by topic (KIP-932). */
export const DeleteShareGroupOffsets = api(92, "DeleteShareGroupOffsets", {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicName: string,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
});

export type DeleteShareGroupOffsetsRequest = RequestOf<typeof DeleteShareGroupOffsets>;
export type DeleteShareGroupOffsetsResponse = ResponseInput<typeof DeleteShareGroupOffsets>;
