/** The way of a request to the shard that holds its transactional id, and how errors are told to older clients. */
import type { MaybePromise } from "../coordinator/shard.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { TransactionRequests } from "../transaction/requests.ts";
import type { Outcome, RequestContext } from "./context.ts";

/** Has the coordinator of a transactional id decide. */
export function askTransaction<K extends keyof TransactionRequests>(
  type: K,
  transactionalId: string,
  request: TransactionRequests[K]["request"],
  { broker }: RequestContext,
): MaybePromise<Outcome<TransactionRequests[K]["reply"]>> {
  if (transactionalId === "") return { ok: false, errorCode: ErrorCode.INVALID_REQUEST };
  return broker.transactions.submit(broker.transactionPartition(transactionalId), type, request);
}

/** Clients that came before PRODUCER_FENCED know it as INVALID_PRODUCER_EPOCH (KIP-588). */
export function fencedAs(errorCode: ErrorCode, isKnown: boolean): ErrorCode {
  return errorCode === ErrorCode.PRODUCER_FENCED && !isKnown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}
