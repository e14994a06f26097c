import {
  api,
  array,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** Start offsets of share groups (KIP-932, 1226). */
export const DescribeShareGroupOffsets = api(90, "DescribeShareGroupOffsets", {
  versions: [0, 1],
  flexible: 0,
  request: {
    groups: array({
      groupId: string,
      topics: nullable(
        array({
          topicName: string,
          partitions: array(int32),
        }),
      ),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: int64.since(1).default(-1).ignorable(),
          errorCode: int16,
          errorMessage: nullable(string).default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
});

export type DescribeShareGroupOffsetsRequest = RequestOf<typeof DescribeShareGroupOffsets>;
export type DescribeShareGroupOffsetsResponse = ResponseInput<typeof DescribeShareGroupOffsets>;
