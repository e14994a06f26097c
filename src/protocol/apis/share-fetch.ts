import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  records,
  string,
  uuid,
} from "../schema.ts";

/** A member of a share group acquires records, and acknowledges earlier ones (KIP-932, 1206). */
export const ShareFetch = api(78, "ShareFetch", {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: nullable(string).default(null),
    memberId: nullable(string),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fffffff),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2).ignorable(),
    isRenewAck: boolean.since(2),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
    forgottenTopicsData: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: nullable(string).default(null),
        currentLeader: {
          leaderId: int32,
          leaderEpoch: int32,
        },
        records: records,
        acquiredRecords: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    }),
  },
});

export type ShareFetchRequest = RequestOf<typeof ShareFetch>;
export type ShareFetchResponse = ResponseInput<typeof ShareFetch>;
