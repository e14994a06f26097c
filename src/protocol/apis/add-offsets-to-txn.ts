import { api, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** The offsets of a group join a transaction (KIP-98). */
export const AddOffsetsToTxn = api(25, "AddOffsetsToTxn", {
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
});

export type AddOffsetsToTxnRequest = RequestOf<typeof AddOffsetsToTxn>;
export type AddOffsetsToTxnResponse = ResponseInput<typeof AddOffsetsToTxn>;
