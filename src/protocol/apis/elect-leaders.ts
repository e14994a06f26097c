import { api, array, int8, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** New leaders for partitions, preferred or unclean (KIP-183, 460). */
export const ElectLeaders = api(43, "ElectLeaders", {
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: int8.since(1),
    topicPartitions: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ),
    timeoutMs: int32.default(60000),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    }),
  },
});

export type ElectLeadersRequest = RequestOf<typeof ElectLeaders>;
export type ElectLeadersResponse = ResponseInput<typeof ElectLeaders>;
