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
  string,
  uuid,
} from "../schema.ts";

/** A member of a share group acknowledges records (KIP-932, 1222). */
export const ShareAcknowledge = api(79, "ShareAcknowledge", {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: nullable(string).default(null),
    memberId: nullable(string),
    shareSessionEpoch: int32,
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
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    acquisitionLockTimeoutMs: int32.since(2).ignorable(),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        currentLeader: {
          leaderId: int32,
          leaderEpoch: int32,
        },
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

export type ShareAcknowledgeRequest = RequestOf<typeof ShareAcknowledge>;
export type ShareAcknowledgeResponse = ResponseInput<typeof ShareAcknowledge>;
