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
} from "../schema.ts";

/** The brokers, or controllers, of the cluster (KIP-700, 919, 1073). */
export const DescribeCluster = api(60, "DescribeCluster", {
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: boolean,
    endpointType: int8.since(1).default(1),
    includeFencedBrokers: boolean.since(2),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    endpointType: int8.since(1).default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
      isFenced: boolean.since(2),
    }),
    clusterAuthorizedOperations: int32.default(-2_147_483_648),
  },
});

export type DescribeClusterRequest = RequestOf<typeof DescribeCluster>;
export type DescribeClusterResponse = ResponseInput<typeof DescribeCluster>;
