import { api, array, boolean, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Topics get more partitions (KIP-195, 599). */
export const CreatePartitions = api(37, "CreatePartitions", {
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: nullable(
        array({
          brokerIds: array(int32),
        }),
      ),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
});

export type CreatePartitionsRequest = RequestOf<typeof CreatePartitions>;
export type CreatePartitionsResponse = ResponseInput<typeof CreatePartitions>;
