import { api, array, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Partitions whose replicas are being changed (KIP-455). */
export const ListPartitionReassignments = api(46, "ListPartitionReassignments", {
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: int32.default(60000),
    topics: nullable(
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
    ).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
});

export type ListPartitionReassignmentsRequest = RequestOf<typeof ListPartitionReassignments>;
export type ListPartitionReassignmentsResponse = ResponseInput<typeof ListPartitionReassignments>;
