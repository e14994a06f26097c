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
} from "../schema.ts";

/** What lies in the folders of a broker, and how much room is left (KIP-113, 827). */
export const DescribeLogDirs = api(35, "DescribeLogDirs", {
  versions: [1, 5],
  flexible: 2,
  request: {
    topics: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(3).ignorable(),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: boolean,
        }),
      }),
      totalBytes: int64.since(4).default(-1).ignorable(),
      usableBytes: int64.since(4).default(-1).ignorable(),
      isCordoned: boolean.since(5).ignorable(),
    }),
  },
});

export type DescribeLogDirsRequest = RequestOf<typeof DescribeLogDirs>;
export type DescribeLogDirsResponse = ResponseInput<typeof DescribeLogDirs>;
