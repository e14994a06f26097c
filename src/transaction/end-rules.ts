/** What becomes of an EndTxn, by the state it comes to. */
import { ErrorCode } from "../protocol/errors.ts";
import { lastEpoch, type TransactionMetadata } from "./record.ts";
import type { EndTransaction } from "./requests.ts";

export type EndState = "PrepareCommit" | "PrepareAbort";

/** The transaction turns to the state, or there is nothing to do but to answer. */
export type End = { readonly state: EndState } | { readonly errorCode: ErrorCode };

/** Before KIP-890 a retry looks as the request did: what is done already is told as done. */
export function endOfV0(request: EndTransaction, current: TransactionMetadata): End {
  const { producerId, producerEpoch, committed } = request;
  if (producerId !== current.producerId) return { errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING };
  if (producerEpoch !== current.producerEpoch) return { errorCode: ErrorCode.PRODUCER_FENCED };
  switch (current.state) {
    case "Ongoing":
      return { state: committed ? "PrepareCommit" : "PrepareAbort" };
    case "PrepareCommit":
    case "PrepareAbort":
      return whileEnding(request, current);
    case "CompleteCommit":
    case "CompleteAbort": {
      const isSame = committed === (current.state === "CompleteCommit");
      return { errorCode: isSame ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE };
    }
    default:
      return { errorCode: ErrorCode.INVALID_TXN_STATE };
  }
}

/**
 * Since KIP-890 the epoch grows with each end, so a request of the epoch before is a retry. An abort without a
 * transaction is taken as well, for the new epoch that it brings: the producer cannot know what has reached the log.
 */
export function endOfV2(request: EndTransaction, current: TransactionMetadata): End {
  const { producerId, producerEpoch, committed } = request;
  const isBeforeNewId =
    current.previousProducerId === producerId && producerEpoch === lastEpoch && current.producerEpoch === 0;
  const isRetry = isBeforeNewId || current.producerEpoch === producerEpoch + 1;
  if (producerId !== current.producerId && !isBeforeNewId) return { errorCode: ErrorCode.INVALID_PRODUCER_ID_MAPPING };
  if (!isEpochOf(producerEpoch, current, isRetry)) return { errorCode: ErrorCode.PRODUCER_FENCED };
  switch (current.state) {
    case "Ongoing":
      return { state: committed ? "PrepareCommit" : "PrepareAbort" };
    case "PrepareCommit":
    case "PrepareAbort":
      return whileEnding(request, current);
    case "CompleteCommit":
    case "CompleteAbort":
      if (!isRetry) return committed ? { errorCode: ErrorCode.INVALID_TXN_STATE } : { state: "PrepareAbort" };
      return {
        errorCode: committed === (current.state === "CompleteCommit") ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE,
      };
    default:
      return committed ? { errorCode: ErrorCode.INVALID_TXN_STATE } : { state: "PrepareAbort" };
  }
}

/** Which epochs may end a transaction, by how far it has come. */
function isEpochOf(producerEpoch: number, current: TransactionMetadata, isRetry: boolean): boolean {
  const isCurrent = producerEpoch === current.producerEpoch;
  switch (current.state) {
    case "PrepareCommit":
    case "PrepareAbort":
      return current.producerEpoch === producerEpoch + 1;
    case "CompleteCommit":
    case "CompleteAbort":
      return isRetry || isCurrent;
    default:
      return isCurrent;
  }
}

function whileEnding({ committed }: EndTransaction, { state }: TransactionMetadata): End {
  const isSame = committed === (state === "PrepareCommit");
  return { errorCode: isSame ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE };
}
