import {
  api,
  array,
  boolean,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uuid,
} from "../schema.ts";

/** How far a group, or several groups, have read (KIP-88, 447, 709, 1188). */
export const OffsetFetch = api(9, "OffsetFetch", {
  versions: [1, 10],
  flexible: 6,
  request: {
    groupId: string.versions(1, 7),
    topics: nullable(
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
      2,
    ).versions(1, 7),
    groups: array({
      groupId: string,
      memberId: nullable(string).since(9).ignorable(),
      memberEpoch: int32.since(9).default(-1).ignorable(),
      topics: nullable(
        array({
          name: string.versions(8, 9).ignorable(),
          topicId: uuid.since(10).ignorable(),
          partitionIndexes: array(int32),
        }),
      ),
    }).since(8),
    requireStable: boolean.since(7),
  },
  response: {
    throttleTimeMs: int32.since(3).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5).default(-1).ignorable(),
        metadata: nullable(string),
        errorCode: int16,
      }),
    }).versions(1, 7),
    errorCode: int16.versions(2, 7).ignorable(),
    groups: array({
      groupId: string,
      topics: array({
        name: string.versions(8, 9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.default(-1),
          metadata: nullable(string),
          errorCode: int16,
        }),
      }),
      errorCode: int16.default(0),
    }).since(8),
  },
});

export type OffsetFetchRequest = RequestOf<typeof OffsetFetch>;
export type OffsetFetchResponse = ResponseInput<typeof OffsetFetch>;
