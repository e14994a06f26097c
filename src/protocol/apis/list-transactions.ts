import { api, array, int16, int32, int64, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Transactions that this broker coordinates, by state, producer and age (KIP-664, 994, 1152). */
export const ListTransactions = api(66, "ListTransactions", {
  versions: [0, 2],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: int64.since(1).default(-1),
    transactionalIdPattern: nullable(string).since(2),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  },
});

export type ListTransactionsRequest = RequestOf<typeof ListTransactions>;
export type ListTransactionsResponse = ResponseInput<typeof ListTransactions>;
