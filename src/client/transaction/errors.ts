/**
 * What can go wrong with a transaction, by what can be done about it (KIP-1050). What passes by itself is tried again
 * and never told; what is left aborts the transaction, or ends the producer.
 */
import { ErrorCode } from "../../protocol/errors.ts";
import { KafkaError } from "../errors.ts";

/** Nothing of the transaction counts. The producer goes on: where `retriable` says so, do the work again. */
export class TransactionAbortedError extends KafkaError {
  override readonly name = "TransactionAbortedError";
  constructor(transactionalId: string, cause: KafkaError) {
    super(`transactional.id ${transactionalId}: the transaction was aborted: ${cause.message}`, {
      code: cause.code,
      ...codeOf(cause),
      retriable:
        cause.retriable || cause.code === "COMMIT_FAILED" || isOutOfStep(cause) || another.has(cause.errorCode),
      cause,
    });
  }
}

/**
 * Of the transaction that was open. "unknown": its commit was asked for and not confirmed. All of it counts, or
 * nothing: a consumer with read_committed sees which, once a new producer with the same transactional.id has begun.
 */
export type Outcome = "aborted" | "unknown";

/** A newer producer with the same transactional.id has taken over: its coordinator says so. */
export class ProducerFencedError extends KafkaError {
  override readonly name = "ProducerFencedError";
  readonly outcome: Outcome;
  constructor(transactionalId: string, outcome: Outcome, cause: KafkaError) {
    super(`transactional.id ${transactionalId}: another producer has taken over: ${cause.code}`, {
      code: "PRODUCER_FENCED",
      ...codeOf(cause),
      fatal: true,
      hint: "close this producer, and give each process a transactional.id of its own",
      cause,
    });
    this.outcome = outcome;
  }
}

/** The producer cannot go on with transactions: close it, and make a new one with the same transactional.id. */
export class TransactionFailedError extends KafkaError {
  override readonly name = "TransactionFailedError";
  readonly outcome: Outcome;
  constructor(transactionalId: string, outcome: Outcome, cause: KafkaError) {
    const what = outcome === "unknown" ? "it is not known whether the transaction was committed" : "failed for good";
    super(`transactional.id ${transactionalId}: ${what}: ${cause.message}`, {
      code: cause.code,
      ...codeOf(cause),
      fatal: true,
      hint: "close this producer, and make a new one with the same transactional.id",
      cause,
    });
    this.outcome = outcome;
  }
}

/** Errors after which a transaction stands still, or the producer does. */
export type TransactionError = TransactionAbortedError | ProducerFencedError | TransactionFailedError;

/** Requests that said it cannot be made again; another transaction can. */
const another: ReadonlySet<number | undefined> = new Set([
  ErrorCode.TRANSACTION_ABORTABLE,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.REBALANCE_IN_PROGRESS,
]);

const fencing: ReadonlySet<number | undefined> = new Set([ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH]);

const outOfStep: ReadonlySet<number | undefined> = new Set([
  ...fencing,
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.UNKNOWN_PRODUCER_ID,
]);

/**
 * Brokers know the producer under another epoch: because another one has taken over, or because the coordinator itself
 * has aborted the transaction, or forgotten the id. Who names its id and epoch to the coordinator learns which (KIP-360
 * and 588): only then it is fatal.
 */
export function isOutOfStep(error: unknown): boolean {
  return error instanceof KafkaError && outOfStep.has(error.errorCode);
}

/** Whoever says it: after these, no transaction of this producer can succeed, nor of another one like it. */
const fatalCodes: ReadonlySet<number | undefined> = new Set([
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.INVALID_TRANSACTION_TIMEOUT,
]);

export function isFatal({ errorCode, code }: KafkaError): boolean {
  if (code === "NO_COMMON_VERSION" || code === "AUTHENTICATION_FAILED" || code === "CLIENT_CLOSED") return true;
  return fatalCodes.has(errorCode);
}

/** This producer cannot go on; a new one can: in KIP-1050's words, the application can recover. */
export function isReplaceable(error: unknown): error is ProducerFencedError | TransactionFailedError {
  const hasEnded = error instanceof ProducerFencedError || error instanceof TransactionFailedError;
  return hasEnded && !isFatal(error.cause as KafkaError);
}

/** @param outcome of the transaction that is open. */
export function fatalError(transactionalId: string, outcome: Outcome, cause: KafkaError) {
  if (fencing.has(cause.errorCode)) return new ProducerFencedError(transactionalId, outcome, cause);
  return new TransactionFailedError(transactionalId, outcome, cause);
}

/** What is no error of Kafka's is a defect, or a signal's reason. */
export function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  return new KafkaError(error instanceof Error ? error.message : String(error), {
    code: "INVALID_STATE",
    cause: error,
  });
}

function codeOf({ errorCode }: KafkaError): { readonly errorCode?: number } {
  return errorCode === undefined ? {} : { errorCode };
}
