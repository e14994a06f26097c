import { ErrorCode } from "../protocol/errors.ts";

/**
 * What a producer is told when the coordinator of its transaction does not let it write to a partition (KIP-890).
 * @param knowsAbortable whether the version of its request has TRANSACTION_ABORTABLE.
 */
export function verifiedError(verdict: ErrorCode, knowsAbortable: boolean): ErrorCode {
  switch (verdict) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH; // older clients know only this one here
    case ErrorCode.TRANSACTION_ABORTABLE:
      return knowsAbortable ? verdict : ErrorCode.INVALID_TXN_STATE;
    default:
      return verdict;
  }
}
