import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** New topics with partitions and configs (KIP-4, 525). */
export const CreateTopics = api(19, "CreateTopics", {
  versions: [2, 7],
  flexible: 5,
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: nullable(string),
      }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: boolean.default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode: int16,
      errorMessage: nullable(string),
      topicConfigErrorCode: int16.tag(0, 5).ignorable(),
      numPartitions: int32.since(5).default(-1).ignorable(),
      replicationFactor: int16.since(5).default(-1).ignorable(),
      configs: nullable(
        array({
          name: string,
          value: nullable(string),
          readOnly: boolean,
          configSource: int8.default(-1),
          isSensitive: boolean,
        }),
      )
        .since(5)
        .ignorable(),
    }),
  },
});

export type CreateTopicsRequest = RequestOf<typeof CreateTopics>;
export type CreateTopicsResponse = ResponseInput<typeof CreateTopics>;
