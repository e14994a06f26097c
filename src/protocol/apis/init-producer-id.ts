import { api, boolean, int16, int32, int64, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** A producer id and epoch for idempotence and transactions (KIP-98, 360, 890, 939). */
export const InitProducerId = api(22, "InitProducerId", {
  versions: [0, 6],
  flexible: 2,
  unstable: 6,
  request: {
    transactionalId: nullable(string),
    transactionTimeoutMs: int32,
    producerId: int64.since(3).default(-1),
    producerEpoch: int16.since(3).default(-1),
    enable2Pc: boolean.since(6),
    keepPreparedTxn: boolean.since(6),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.default(-1),
    producerEpoch: int16,
    ongoingTxnProducerId: int64.since(6).default(-1),
    ongoingTxnProducerEpoch: int16.since(6).default(-1),
  },
});

export type InitProducerIdRequest = RequestOf<typeof InitProducerId>;
export type InitProducerIdResponse = ResponseInput<typeof InitProducerId>;
