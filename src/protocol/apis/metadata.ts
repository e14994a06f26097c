import {
  api,
  array,
  boolean,
  int16,
  int32,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** Which topics there are, who leads their partitions, and where the brokers listen (KIP-4, 516). */
export const Metadata = api(3, "Metadata", {
  versions: [0, 13],
  flexible: 9,
  request: {
    topics: nullable(
      array({
        topicId: uuid.since(10).ignorable(),
        name: nullable(string, 10),
      }),
      1,
    ),
    allowAutoTopicCreation: boolean.since(4).default(true),
    includeClusterAuthorizedOperations: boolean.versions(8, 10),
    includeTopicAuthorizedOperations: boolean.since(8),
  },
  response: {
    throttleTimeMs: int32.since(3).ignorable(),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).since(1).ignorable(),
    }),
    clusterId: nullable(string).since(2).ignorable(),
    controllerId: int32.since(1).default(-1).ignorable(),
    topics: array({
      errorCode: int16,
      name: nullable(string, 12),
      topicId: uuid.since(10).ignorable(),
      isInternal: boolean.since(1).ignorable(),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7).default(-1).ignorable(),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5).ignorable(),
      }),
      topicAuthorizedOperations: int32.since(8).default(-2_147_483_648),
    }),
    clusterAuthorizedOperations: int32.versions(8, 10).default(-2_147_483_648),
    errorCode: int16.since(13).ignorable(),
  },
});

export type MetadataRequest = RequestOf<typeof Metadata>;
export type MetadataResponse = ResponseInput<typeof Metadata>;
