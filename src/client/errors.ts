/**
 * What a client throws. Every error tells what was tried, what came back, whether trying again can help, and what to
 * do; `code` is Kafka's name of the error, or one of {@link ClientErrorCode} for what never reached a broker.
 */
import { ErrorCode, type ErrorName, errorName, isRetriable } from "../protocol/errors.ts";
import { hints } from "./hints.ts";

/** Errors of the client's own making. */
export type ClientErrorCode =
  | "INVALID_CONFIG_VALUE"
  | "CLIENT_CLOSED"
  | "TIMED_OUT"
  | "CONNECTION_FAILED"
  | "AUTHENTICATION_FAILED"
  | "NO_COMMON_VERSION"
  | "INVALID_ARGUMENT"
  | "INVALID_STATE"
  | "SERIALIZATION_FAILED"
  | "BUFFER_EXHAUSTED"
  | "TRANSACTION_ABORTED"
  | "NO_OFFSET_FOR_PARTITION"
  | "MAX_POLL_INTERVAL_EXCEEDED";

export interface KafkaErrorOptions {
  readonly code: ErrorName | ClientErrorCode | (string & {});
  /** The number on the wire, of errors that a broker sent. */
  readonly errorCode?: number;
  /** The same call may succeed when it is made again. */
  readonly retriable?: boolean;
  /** The client that threw it cannot go on: close it, and change what the hint names. */
  readonly fatal?: boolean;
  /** What to do. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** What all errors of the client have. `code` tells them apart; `retriable` and `fatal` say what can help. */
export class KafkaError extends Error {
  override readonly name: string = "KafkaError";
  readonly code: string;
  /** Undefined when no broker sent it. */
  declare readonly errorCode: number | undefined;
  readonly retriable: boolean;
  readonly fatal: boolean;
  declare readonly hint: string | undefined;

  constructor(message: string, { code, errorCode, retriable, fatal, hint, cause }: KafkaErrorOptions) {
    super(hint === undefined ? message : `${message} (${hint})`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retriable = retriable ?? false;
    this.fatal = fatal ?? false;
    // What there is not is no property: Node prints all there are when nobody catches the error.
    if (errorCode !== undefined) this.errorCode = errorCode;
    if (hint !== undefined) this.hint = hint;
  }
}

/** A configuration that is refused before anything is connected. */
export class ClientConfigError extends KafkaError {
  override readonly name = "ClientConfigError";
  constructor(message: string, hint?: string) {
    super(message, { code: "INVALID_CONFIG_VALUE", fatal: true, hint });
  }
}

/** A broker answered with an error code. */
export class BrokerError extends KafkaError {
  override readonly name = "BrokerError";
}

/** No connection, or one that broke before the answer came. What was sent may or may not have been done. */
export class NetworkError extends KafkaError {
  override readonly name = "NetworkError";
  constructor(message: string, cause?: unknown) {
    super(message, { code: "CONNECTION_FAILED", retriable: true, cause });
  }
}

/** An answer that did not come in time. What was sent may have been done. */
export class RequestTimeoutError extends KafkaError {
  override readonly name = "RequestTimeoutError";
  constructor(message: string, cause?: unknown) {
    super(message, { code: "TIMED_OUT", retriable: true, cause });
  }
}

/** The broker does not let this client in: wrong mechanism, wrong credentials, or TLS that cannot be agreed upon. */
export class AuthenticationError extends KafkaError {
  override readonly name = "AuthenticationError";
  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, { code: "AUTHENTICATION_FAILED", fatal: true, ...options });
  }
}

/** Broker and client have no version of an API in common, or none that can say what is asked. */
export class UnsupportedVersionError extends KafkaError {
  override readonly name = "UnsupportedVersionError";
  constructor(message: string, hint?: string) {
    super(message, { code: "NO_COMMON_VERSION", fatal: true, hint });
  }
}

/** The client was closed, before or during the call. */
export class ClosedError extends KafkaError {
  override readonly name = "ClosedError";
  constructor(message: string) {
    super(message, { code: "CLIENT_CLOSED", fatal: true });
  }
}

/** Codes after which a client of this group, or with these rights, cannot go on. */
const fatal: ReadonlySet<number> = new Set([
  ErrorCode.INVALID_GROUP_ID,
  ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
  ErrorCode.INVALID_SESSION_TIMEOUT,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.UNSUPPORTED_SASL_MECHANISM,
  ErrorCode.SASL_AUTHENTICATION_FAILED,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.GROUP_MAX_SIZE_REACHED,
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
]);

/**
 * The error for a code that a broker sent.
 * @param what was tried, as the subject of a sentence: "createTopics: orders".
 * @param detail the broker's own message, if it sent one.
 */
export function brokerError(errorCode: number, what: string, detail?: string | null): BrokerError {
  const code = errorName(errorCode);
  const said = detail ? `${code}: ${detail}` : code;
  return new BrokerError(`${what}: ${said}`, {
    code,
    errorCode,
    retriable: isRetriable(errorCode),
    fatal: fatal.has(errorCode),
    hint: hints[code as ErrorName],
  });
}
