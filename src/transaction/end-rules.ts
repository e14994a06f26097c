/** What becomes of an EndTxn, by the state it comes to. */
import { ErrorCode } from "../protocol/errors.ts";
import { isPrepared, lastEpoch, type TransactionMetadata } from "./record.ts";
import type { EndTransaction } from "./requests.ts";

export type EndState = "PrepareCommit" | "PrepareAbort";

/** The transaction turns to the state, or there is nothing to do but to answer. */
export type End = { readonly state: EndState } | { readonly errorCode: ErrorCode };

/** Before KIP-890 a retry looks as the request did: what is done already is told as done. */
export function endOfV0(request: EndTransaction, current: TransactionMetadata): End {
  const { producerId, producerEpoch, committed } = request;
  if (producerId !== current.producerId) return { errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING };
  if (producerEpoch !== current.producerEpoch) return { errorCode: ErrorCode.PRODUCER_FENCED };
  if (isPrepared(current)) return { errorCode: ErrorCode.CONCURRENT_TRANSACTIONS };
  if (current.state === "Ongoing") return { state: committed ? "PrepareCommit" : "PrepareAbort" };
  return { errorCode: isDone(request, current) ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE };
}

/**
 * Since KIP-890 the epoch grows with each end, so a request of the epoch before is a retry. An abort without a
 * transaction is taken as well, for the new epoch that it brings: the producer cannot know what has reached the log.
 */
export function endOfV2(request: EndTransaction, current: TransactionMetadata): End {
  const { producerId, producerEpoch, committed } = request;
  const { state } = current;
  if (isPrepared(current)) return { errorCode: ErrorCode.CONCURRENT_TRANSACTIONS };
  const isBeforeNewId =
    current.previousProducerId === producerId && producerEpoch === lastEpoch && current.producerEpoch === 0;
  if (producerId !== current.producerId && !isBeforeNewId) return { errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING };
  const isBefore = isBeforeNewId || current.producerEpoch === producerEpoch + 1;
  const isComplete = state === "CompleteCommit" || state === "CompleteAbort";
  if (isComplete && isBefore) {
    return { errorCode: isDone(request, current) ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE };
  }
  if (producerEpoch !== current.producerEpoch) return { errorCode: ErrorCode.PRODUCER_FENCED };
  if (state === "Ongoing" && committed) return { state: "PrepareCommit" };
  return committed ? { errorCode: ErrorCode.INVALID_TXN_STATE } : { state: "PrepareAbort" };
}

function isDone({ committed }: EndTransaction, { state }: TransactionMetadata): boolean {
  return state === (committed ? "CompleteCommit" : "CompleteAbort");
}
