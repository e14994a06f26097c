/**
 * What a replicated state machine is here, and what it may do in a step. The law: a reply leaves only after the
 * records behind it are durable, and durable state changes only in `replay`.
 */
import type { Verification } from "../log/log.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import type { Instant, Rng } from "./clock.ts";
import type { Timer } from "./timers.ts";

/** Names of requests, with what goes in and what comes out. */
export type Requests = Record<string, { readonly request: unknown; readonly reply: unknown }>;

/** One request waiting for its reply. A machine keeps the token of a request that it parks. */
export type ReplyToken = number & { readonly __token: unique symbol };

export interface StateMachine<Q extends Requests, Record, TimerPurpose, Fact> {
  /**
   * The only place where durable state changes: on load, on take-over, and for every record a step emits.
   * @param producerId given when the record belongs to a transaction: it counts only once that commits (KIP-98).
   */
  replay(record: Record, producerId?: number): void;
  /** The other such place: a transaction ends in this partition. A machine without it is given no transactions. */
  replayEndTransaction?(producerId: number, producerEpoch: number, type: TransactionResult): void;
  /** Called once when the log has been replayed: builds volatile state (sessions, timers) from durable state. */
  loaded(context: StepContext<Q, Record, TimerPurpose, Fact>): void;
  /** Decides one request. Answers it by `context.reply(token, …)`, now or in a later step. */
  request<K extends keyof Q>(
    type: K,
    request: Q[K]["request"],
    token: ReplyToken,
    context: StepContext<Q, Record, TimerPurpose, Fact>,
  ): void;
  /** A timer is due. */
  timer(purpose: TimerPurpose, context: StepContext<Q, Record, TimerPurpose, Fact>): void;
}

/** Everything that a step may read from outside, and everything it may cause. No I/O behind any of it. */
export interface StepContext<Q extends Requests, Record, TimerPurpose, Fact> {
  readonly now: Instant;
  readonly rng: Rng;
  /**
   * Has the log admit the records as one atomic batch, replays them at once, and lets them be appended when the step
   * ends. A refusal has changed nothing: the step answers it as its API demands. Records of a transaction are a batch
   * of their own under their producer's id and epoch.
   */
  emit(records: readonly Record[], transaction?: TransactionalProducer): Admission;
  /**
   * The same for the marker that ends a producer's transaction in this partition. What the log says of epochs that are
   * not the current ones is the refusal (INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED).
   */
  endTransaction(marker: TransactionMarker): Admission;
  /** Answers a request once all that was emitted so far is durable. A second reply to one token throws. */
  reply(token: ReplyToken, response: Q[keyof Q]["reply"]): void;
  /** Kafka never answers this request (rule 20): forget it and what it holds. */
  drop(token: ReplyToken): void;
  /** Sets the timer to a monotonic time, earlier or later than before; O(1) when later. */
  schedule(timer: Timer<TimerPurpose>, atMonotonicMs: number): void;
  cancel(timer: Timer<TimerPurpose>): void;
  /** A fact for the log line, `watch`, the dashboard; told when all that was emitted so far is durable. */
  publish(fact: Fact): void;
}

/** Whose transaction records are part of. */
export interface TransactionalProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** What the log gave before the transaction's coordinator was asked, where this begins the transaction (KIP-890). */
  readonly verification?: Verification | undefined;
}

export type TransactionResult = "COMMIT" | "ABORT";

/** The end of a transaction, as the transaction coordinator of that epoch decided it. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly type: TransactionResult;
  readonly coordinatorEpoch: number;
  /** Since version 2 the epoch must be a newer one than that of the records (KIP-890, 1228). */
  readonly transactionVersion: number;
}

export type Admission = { readonly ok: true } | { readonly ok: false; readonly errorCode: ErrorCode };

/** Between typed records and the log's bytes. */
export interface RecordCodec<Record> {
  encode(record: Record): { readonly key: Uint8Array; readonly value: Uint8Array | null };
  /**
   * @returns undefined for a record type that this version does not know: it is skipped (rule 42).
   * @throws when a known type cannot be read: the shard does not load.
   */
  decode(key: Uint8Array, value: Uint8Array | null): Record | undefined;
}
