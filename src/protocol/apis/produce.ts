import {
  api,
  array,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  records,
  string,
  struct,
  uuid,
} from "../schema.ts";

/** A producer appends record batches to partitions (KIP-98 transactions, KIP-516 topic ids). */
export const Produce = api(0, "Produce", {
  versions: [3, 13],
  flexible: 9,
  advertised: [0, 13],
  request: {
    transactionalId: nullable(string).default(null),
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.versions(3, 12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionData: array({
        index: int32,
        records: nullable(records),
      }),
    }),
  },
  response: {
    responses: array({
      name: string.versions(3, 12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64.default(-1),
        logStartOffset: int64.since(5).default(-1).ignorable(),
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: nullable(string).default(null),
        })
          .since(8)
          .ignorable(),
        errorMessage: nullable(string).since(8).ignorable(),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        }).tag(0, 10),
      }),
    }),
    throttleTimeMs: int32.default(0),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    }).tag(0, 10),
  },
});

export type ProduceRequest = RequestOf<typeof Produce>;
export type ProduceResponse = ResponseInput<typeof Produce>;
