/** What an answer, or the lack of one, means for a batch. */
import { ErrorCode, isRetriable } from "../../protocol/errors.ts";
import { brokerError, KafkaError } from "../errors.ts";
import type { ProducerBatch } from "./batch.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import type { PartitionResult } from "./produce-call.ts";

interface Consequences {
  /** What is known of the cluster may be out of date. */
  readonly refreshes: boolean;
  /** The broker's idea of the sequence and ours have parted. */
  readonly newEpoch: boolean;
}

export type Verdict = Consequences &
  (
    | { readonly kind: "stored"; readonly baseOffset: number; readonly logAppendTimeMs: number }
    | { readonly kind: "retry" | "split" | "failed"; readonly error: Error }
  );

export function verdictOf(
  batch: ProducerBatch,
  queue: PartitionQueue,
  result: PartitionResult | undefined,
  failure: unknown,
): Verdict {
  if (result === undefined) return withoutAnswer(batch, failure);
  const { errorCode, baseOffset, logAppendTimeMs } = result;
  if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
    return { kind: "stored", baseOffset, logAppendTimeMs, refreshes: false, newEpoch: false };
  }
  const error = errorOf(batch, result);
  batch.lastError = error;
  switch (errorCode) {
    // Behind a batch that is not stored yet. Behind one that was given up, or is lost to the broker: a new sequence.
    case ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
      return { kind: "retry", error, refreshes: false, newEpoch: !queue.hasOlder(batch) };
    case ErrorCode.UNKNOWN_PRODUCER_ID:
      return { kind: "retry", error, refreshes: false, newEpoch: true };
    case ErrorCode.MESSAGE_TOO_LARGE: {
      const kind = batch.count > 1 ? "split" : "failed";
      return { kind, error, refreshes: false, newEpoch: kind === "failed" };
    }
    default: {
      const kind = isRetriable(errorCode) ? "retry" : "failed";
      return { kind, error, refreshes: kind === "retry", newEpoch: kind === "failed" };
    }
  }
}

/** The request may have been done or not: a repetition is recognised by its sequence, where there is one. */
function withoutAnswer(batch: ProducerBatch, failure: unknown): Verdict {
  const error = failure instanceof Error ? failure : new Error(String(failure));
  batch.lastError = error;
  const kind = error instanceof KafkaError && error.retriable ? "retry" : "failed";
  return { kind, error, refreshes: true, newEpoch: false };
}

function errorOf(batch: ProducerBatch, { errorCode, errorMessage, recordErrors }: PartitionResult): KafkaError {
  const what = `${batch.topic}-${batch.partition}: ${batch.count} records`;
  const named = recordErrors.map(({ batchIndex, batchIndexErrorMessage }) => {
    return `record ${batchIndex}${batchIndexErrorMessage ? `: ${batchIndexErrorMessage}` : ""}`;
  });
  return brokerError(errorCode, what, [errorMessage, ...named].filter(Boolean).join("; "));
}
