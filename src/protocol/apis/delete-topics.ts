import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

/** Topics go, by name or id (KIP-4, 516). */
export const DeleteTopics = api(20, "DeleteTopics", {
  versions: [1, 6],
  flexible: 4,
  request: {
    topics: array({
      name: nullable(string).default(null),
      topicId: uuid,
    }).since(6),
    topicNames: array(string).versions(1, 5).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    responses: array({
      name: nullable(string, 6),
      topicId: uuid.since(6).ignorable(),
      errorCode: int16,
      errorMessage: nullable(string).since(5).ignorable(),
    }),
  },
});

export type DeleteTopicsRequest = RequestOf<typeof DeleteTopics>;
export type DeleteTopicsResponse = ResponseInput<typeof DeleteTopics>;
