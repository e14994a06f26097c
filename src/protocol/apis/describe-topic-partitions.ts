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

/** Topics and partitions page by page, with their eligible leaders (KIP-966). */
export const DescribeTopicPartitions = api(75, "DescribeTopicPartitions", {
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.default(2000),
    cursor: nullable({
      topicName: string,
      partitionIndex: int32,
    }).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      errorCode: int16,
      name: nullable(string),
      topicId: uuid,
      isInternal: boolean.default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: nullable(array(int32)).default(null),
        lastKnownElr: nullable(array(int32)).default(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.default(-2_147_483_648),
    }),
    nextCursor: nullable({
      topicName: string,
      partitionIndex: int32,
    }).default(null),
  },
});

export type DescribeTopicPartitionsRequest = RequestOf<typeof DescribeTopicPartitions>;
export type DescribeTopicPartitionsResponse = ResponseInput<typeof DescribeTopicPartitions>;
