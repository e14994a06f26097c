import {
  api,
  array,
  int8,
  int16,
  int32,
  int64,
  maxInt64,
  nullable,
  type RequestOf,
  type ResponseInput,
  records,
  string,
  struct,
  uuid,
} from "../schema.ts";

/** A consumer reads record batches, in a session that names only what changes (KIP-227, 320, 392, 516). */
export const Fetch = api(1, "Fetch", {
  versions: [4, 18],
  flexible: 12,
  request: {
    clusterId: nullable(string).tag(0, 12).ignorable(),
    replicaId: int32.versions(4, 14).default(-1),
    replicaState: struct({
      replicaId: int32.default(-1),
      replicaEpoch: int64.default(-1),
    }).tag(1, 15),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fffffff),
    isolationLevel: int8.default(0),
    sessionId: int32.since(7).ignorable(),
    sessionEpoch: int32.since(7).default(-1).ignorable(),
    topics: array({
      topic: string.versions(4, 12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).default(-1).ignorable(),
        fetchOffset: int64,
        lastFetchedEpoch: int32.since(12).default(-1),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.tag(0, 17).ignorable(),
        highWatermark: int64.tag(1, 18).default(maxInt64).ignorable(),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.versions(7, 12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array(int32),
    }).since(7),
    rackId: string.since(11).ignorable(),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(7).ignorable(),
    sessionId: int32.since(7),
    responses: array({
      topic: string.versions(4, 12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64.default(-1),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        divergingEpoch: struct({
          epoch: int32.default(-1),
          endOffset: int64.default(-1),
        }).tag(0, 12),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        }).tag(1, 12),
        snapshotId: struct({
          endOffset: int64.default(-1),
          epoch: int32.default(-1),
        }).tag(2, 12),
        abortedTransactions: nullable(
          array({
            producerId: int64,
            firstOffset: int64,
          }),
        ),
        preferredReadReplica: int32.since(11).default(-1),
        records: nullable(records),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    }).tag(0, 16),
  },
});

export type FetchRequest = RequestOf<typeof Fetch>;
export type FetchResponse = ResponseInput<typeof Fetch>;
