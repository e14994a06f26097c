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
      retriable: cause.retriable || cause.code === "COMMIT_FAILED" || another.has(cause.errorCode),
      cause,
    });
  }
}

/**
 * Of the transaction that was open. "unknown": its commit was asked for and not confirmed. All of it counts, or
 * nothing: a consumer with read_committed sees which, once a new producer with the same transactional.id has begun.
 */
export type Outcome = "aborted" | "unknown";

/**
 * A newer producer with the same transactional.id has taken over; or the transaction was open for longer than
 * transaction.timeout.ms, and its coordinator has aborted it.
 */
export class ProducerFencedError extends KafkaError {
  override readonly name = "ProducerFencedError";
  readonly outcome: Outcome;
  constructor(transactionalId: string, outcome: Outcome, cause: KafkaError) {
    super(`transactional.id ${transactionalId}: another producer has taken over: ${cause.code}`, {
      code: "PRODUCER_FENCED",
      ...codeOf(cause),
      fatal: true,
      hint: "close this producer; if no other one runs, the transaction took longer than transaction.timeout.ms",
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
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.REBALANCE_IN_PROGRESS,
]);

const fencing: ReadonlySet<number | undefined> = new Set([ErrorCode.PRODUCER_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH]);

/** Whoever says it: after these, no transaction of this producer can succeed. */
const fatalAnywhere: ReadonlySet<number | undefined> = new Set([
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
]);

/** Said by the transaction coordinator; a partition's leader or a group's coordinator may only be behind it. */
const fatalOfCoordinator: ReadonlySet<number | undefined> = new Set([
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.INVALID_TRANSACTION_TIMEOUT,
  ErrorCode.UNKNOWN_PRODUCER_ID,
]);

/** @param isCoordinators said by the transaction coordinator. */
export function isFatal(error: KafkaError, isCoordinators: boolean): boolean {
  const { errorCode, code } = error;
  if (code === "NO_COMMON_VERSION" || code === "AUTHENTICATION_FAILED" || code === "CLIENT_CLOSED") return true;
  // A leader that says INVALID_PRODUCER_EPOCH may mean one that was aborted meanwhile: the abort tells.
  if (errorCode === ErrorCode.PRODUCER_FENCED || fatalAnywhere.has(errorCode)) return true;
  return isCoordinators && (fencing.has(errorCode) || fatalOfCoordinator.has(errorCode));
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
