import { api, boolean, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** A transaction is committed or aborted (KIP-98, 890). */
export const EndTxn = api(26, "EndTxn", {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: boolean,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.since(5).default(-1).ignorable(),
    producerEpoch: int16.since(5).default(-1).ignorable(),
  },
});

export type EndTxnRequest = RequestOf<typeof EndTxn>;
export type EndTxnResponse = ResponseInput<typeof EndTxn>;
