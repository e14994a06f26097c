/**
 * One replicated state machine and its log: admit → replay → append → reply.
 *
 * Records of a step are replayed at once and gathered into a batch; one batch is in flight, what comes meanwhile goes
 * into the next. What is part of a transaction is a batch of its own, and appended at once with all that waited: only
 * the log knows the epochs of producers, so its word is the admission.
 *
 * Whatever a step says (replies, facts) waits for the last batch that was not durable when it was said, so no reply
 * runs ahead of the records that it rests on, not even one that only read them.
 */
import type { AppendOptions, AppendResult, PartitionLog } from "../log/log.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Platform } from "../protocol/platform.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import { encodeBatch, encodeControlBatch } from "../protocol/records/batch.ts";
import type { Clock, Instant, Rng } from "./clock.ts";
import { replayLog } from "./load.ts";
import type {
  Admission,
  RecordCodec,
  ReplyToken,
  Requests,
  StateMachine,
  StepContext,
  TransactionalProducer,
  TransactionMarker,
} from "./machine.ts";
import { type Timer, TimerHeap } from "./timers.ts";

export type ShardState = "loading" | "active" | "closed";

export type MaybePromise<T> = T | Promise<T>;

export type Submitted<Reply> =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly errorCode: ErrorCode };

export interface ShardOptions<Q extends Requests, Record, TimerPurpose, Fact> {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly codec: RecordCodec<Record>;
  /** A machine in its initial state; made anew for each load. */
  readonly machine: () => StateMachine<Q, Record, TimerPurpose, Fact>;
  readonly onFact: (fact: Fact) => void;
  /** The shard gave up: a machine threw, or an append failed. It is dropped, and what is parked was answered. */
  readonly onFailure: (error: unknown) => void;
  readonly log: PartitionLog;
  readonly leaderEpoch: number;
}

/** Most bytes of records that wait for an append; beyond them a step's `emit` is refused, and nothing is lost. */
const maxPendingBytes = 32 * 1024 * 1024;

interface EncodedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
}

interface PendingBatch {
  readonly records: EncodedRecord[];
  bytes: number;
  isDurable: boolean;
  /** What leaves when the batch is durable, in order. */
  outputs: Output[];
}

/** What a step says: a reply, or a fact. An object that is there anyway, since a closure for each reply is garbage. */
interface Output {
  leave(): void;
  /** The shard closes before it could leave. */
  refuse(errorCode: ErrorCode): void;
}

/** A request until it is settled: the machine decides or parks it, or its reply waits for an append. */
class OpenRequest<Reply> implements Output {
  readonly token: ReplyToken;
  /** What the machine answered. */
  reply: Reply | undefined;
  #answer: Submitted<Reply> | undefined;
  #resolve: ((answer: Submitted<Reply>) => void) | undefined;

  constructor(token: ReplyToken) {
    this.token = token;
  }

  leave(): void {
    this.#settle({ ok: true, reply: this.reply as Reply });
  }

  refuse(errorCode: ErrorCode): void {
    this.#settle({ ok: false, errorCode });
  }

  #settle(answer: Submitted<Reply>): void {
    if (this.#answer !== undefined) return;
    this.#answer = answer;
    this.#resolve?.(answer);
  }

  /** Most are settled by then: a promise is made only for those that wait. */
  settled(): MaybePromise<Submitted<Reply>> {
    return (
      this.#answer ??
      new Promise((resolve) => {
        this.#resolve = resolve;
      })
    );
  }
}

export class Shard<Q extends Requests, Record, TimerPurpose, Fact> {
  readonly leaderEpoch: number;
  readonly #options: ShardOptions<Q, Record, TimerPurpose, Fact>;
  readonly #machine: StateMachine<Q, Record, TimerPurpose, Fact>;
  readonly #timers = new TimerHeap<TimerPurpose>();
  /** The request that the step decides, until it is answered or dropped. */
  #asked: OpenRequest<Q[keyof Q]["reply"]> | undefined;
  /** Those that no step has answered. Most never get here: a map that each request fills and empties is garbage. */
  readonly #parked = new Map<ReplyToken, OpenRequest<Q[keyof Q]["reply"]>>();
  #state: ShardState = "loading";
  #nextToken = 1;
  /** Batches that are not durable yet, in the order of the log. The last takes what is emitted now. */
  #batches: PendingBatch[] = [];
  /** So many of them, from the first on, were given to the log. */
  #inFlight = 0;
  #pendingBytes = 0;
  /** Of the step that runs; there is one at a time, so one serves them all. */
  readonly #context: StepContext<Q, Record, TimerPurpose, Fact> & { now: Instant };
  /** What leaves when all that the step emitted is durable; undefined while it has said nothing. */
  #outputs: Output[] | undefined;
  #alarm: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(options: ShardOptions<Q, Record, TimerPurpose, Fact>) {
    this.#options = options;
    this.leaderEpoch = options.leaderEpoch;
    this.#machine = options.machine();
    this.#context = this.#makeContext(options.clock.now());
  }

  get state(): ShardState {
    return this.#state;
  }

  /** Replays the log, then takes requests. A failure ends in `onFailure`; closing meanwhile ends the load. */
  async load(): Promise<void> {
    const { log, codec, platform } = this.#options;
    try {
      const wanted = () => this.#state === "loading";
      await replayLog(log, codec, platform, this.#machine, wanted);
      if (!wanted()) return;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#state = "active";
    this.#step((context) => this.#machine.loaded(context));
  }

  /**
   * Has the machine decide a request. What it answers in this step, while nothing waits for the log, is there at once;
   * the promise of a later answer never settles when Kafka would never answer (rule 20).
   */
  submit<K extends keyof Q>(type: K, request: Q[K]["request"]): MaybePromise<Submitted<Q[K]["reply"]>> {
    if (this.#state !== "active") return refusalIn(this.#state);
    const token = this.#nextToken++ as ReplyToken;
    const asked = new OpenRequest<Q[K]["reply"]>(token);
    this.#step((context) => this.#machine.request(type, request, token, context), asked);
    return asked.settled();
  }

  /** Stops the machine and answers all that is open with `errorCode`; nothing is appended any more. */
  close(errorCode: ErrorCode): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#alarm?.cancel();
    this.#timers.clear();
    const unsaid = [...this.#batches.flatMap(({ outputs }) => outputs), ...(this.#outputs ?? [])];
    const unanswered = [...this.#parked.values()];
    this.#batches = [];
    this.#parked.clear();
    for (const output of unsaid) output.refuse(errorCode);
    for (const request of unanswered) request.refuse(errorCode);
    this.#asked?.refuse(errorCode);
    this.#asked = undefined;
  }

  #step(
    decide: (context: StepContext<Q, Record, TimerPurpose, Fact>) => void,
    asked?: OpenRequest<Q[keyof Q]["reply"]>,
  ): void {
    const now = this.#options.clock.now();
    this.#asked = asked;
    this.#outputs = undefined;
    this.#context.now = now;
    try {
      decide(this.#context);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#parkAsked();
    if (this.#outputs !== undefined) this.#leaveBehind(this.#batches.at(-1), this.#outputs);
    if (this.#inFlight === 0) this.#appendNext(now.wallMs);
    this.#setAlarm();
  }

  /** The machine keeps its token. */
  #parkAsked(): void {
    if (this.#asked === undefined) return;
    this.#parked.set(this.#asked.token, this.#asked);
    this.#asked = undefined;
  }

  #leaveBehind(last: PendingBatch | undefined, outputs: Output[]): void {
    if (last === undefined) for (const output of outputs) output.leave();
    else if (last.outputs.length === 0) last.outputs = outputs;
    else for (const output of outputs) last.outputs.push(output);
  }

  #say(output: Output): void {
    if (this.#outputs === undefined) this.#outputs = [output];
    else this.#outputs.push(output);
  }

  #makeContext(now: Instant): StepContext<Q, Record, TimerPurpose, Fact> & { now: Instant } {
    return {
      now,
      rng: this.#options.rng,
      emit: (records, transaction) => this.#emit(records, transaction),
      endTransaction: (marker) => this.#endTransaction(marker),
      reply: (token, response) => {
        const request = this.#takeUnanswered(token);
        request.reply = response;
        this.#say(request);
      },
      drop: (token) => void this.#takeUnanswered(token),
      schedule: (timer, atMs) => this.#timers.set(timer, atMs),
      cancel: (timer) => this.#timers.cancel(timer),
      publish: (fact) => this.#say({ leave: () => this.#options.onFact(fact), refuse() {} }),
    };
  }

  #takeUnanswered(token: ReplyToken): OpenRequest<Q[keyof Q]["reply"]> {
    const asked = this.#asked;
    if (asked?.token === token) {
      this.#asked = undefined;
      return asked;
    }
    const parked = this.#parked.get(token);
    if (parked === undefined) throw new Error(`request ${token} was answered or dropped before`);
    this.#parked.delete(token);
    return parked;
  }

  #emit(records: readonly Record[], transaction?: TransactionalProducer): Admission {
    const { now } = this.#context;
    const { codec, log, leaderEpoch, platform } = this.#options;
    const encoded = encodeAll(codec, records, now.wallMs);
    if (encoded === undefined) return { ok: false, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };
    const bytes = encoded.reduce((sum, record) => sum + sizeInBatch(record), 0);
    if (this.#pendingBytes + bytes > maxPendingBytes) {
      return { ok: false, errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE };
    }
    const options = { leaderEpoch, wallMs: now.wallMs };
    const admitted = log.admit(batchOverhead + bytes, options);
    if (!admitted.ok) return { ok: false, errorCode: errorOf(admitted) };

    if (transaction !== undefined) {
      const { producerId, producerEpoch, verification } = transaction;
      // Each begins with sequence 0, as Kafka writes them: the log does not count those of a coordinator.
      const producer = { producerId, producerEpoch, baseSequence: 0 };
      const batch = encodeBatch({ records: encoded, transactional: true, ...producer }, platform);
      return this.#appendAtOnce(batch, { ...options, ...(verification && { verification }) }, () => {
        for (const record of records) this.#machine.replay(record, producerId);
      });
    }
    for (const record of records) this.#machine.replay(record);
    this.#addToBatch(encoded, bytes);
    return { ok: true };
  }

  #endTransaction(marker: TransactionMarker): Admission {
    const { now } = this.#context;
    const { transactionVersion, ...end } = marker;
    const { platform, leaderEpoch } = this.#options;
    const batch = encodeControlBatch({ ...end, timestamp: now.wallMs }, platform);
    return this.#appendAtOnce(batch, { leaderEpoch, wallMs: now.wallMs, transactionVersion }, () =>
      this.#machine.replayEndTransaction?.(end.producerId, end.producerEpoch, end.type),
    );
  }

  /** All that waits goes before it, so that the log has the order of the replays. */
  #appendAtOnce(bytes: Uint8Array, options: AppendOptions, replay: () => void): Admission {
    const { wallMs } = options;
    while (this.#state === "active" && this.#inFlight < this.#batches.length) this.#appendNext(wallMs);
    if (this.#state !== "active") return { ok: false, errorCode: ErrorCode.NOT_COORDINATOR };
    const result = this.#options.log.append(bytes, { ...options, internal: true });
    if (!result.ok) return { ok: false, errorCode: errorOf(result) };
    replay();
    const batch = { records: [], bytes: bytes.length, isDurable: false, outputs: [] };
    this.#pendingBytes += batch.bytes - batchOverhead;
    this.#batches.push(batch);
    this.#awaitDurable(batch, result.durable);
    return { ok: true };
  }

  /** To the batch that is still being filled, or to a new one: an emission is never split over two. */
  #addToBatch(records: EncodedRecord[], bytes: number): void {
    this.#pendingBytes += bytes;
    const last = this.#inFlight < this.#batches.length ? this.#batches.at(-1) : undefined;
    if (last !== undefined && last.bytes + bytes <= this.#options.log.config.maxMessageBytes) {
      last.records.push(...records);
      last.bytes += bytes;
    } else {
      this.#batches.push({ records, bytes: batchOverhead + bytes, isDurable: false, outputs: [] });
    }
  }

  #appendNext(wallMs: number): void {
    const batch = this.#batches[this.#inFlight];
    if (batch === undefined) return;
    const { log, platform, leaderEpoch } = this.#options;
    const bytes = encodeBatch({ records: batch.records }, platform, scratch);
    const result = log.append(bytes, { leaderEpoch, wallMs });
    if (result.ok) this.#awaitDurable(batch, result.durable);
    else this.#fail(new Error(`an append that was admitted is refused: ${result.refusal}`));
  }

  #awaitDurable(batch: PendingBatch, durable: Promise<void>): void {
    this.#inFlight++;
    durable.then(
      () => this.#durable(batch),
      (error) => this.#fail(error),
    );
  }

  #durable(batch: PendingBatch): void {
    if (this.#state === "closed") return;
    batch.isDurable = true;
    for (let first = this.#batches[0]; first?.isDurable; first = this.#batches[0]) {
      this.#batches.shift();
      this.#inFlight--;
      this.#pendingBytes -= first.bytes - batchOverhead;
      for (const output of first.outputs) output.leave();
    }
    if (this.#inFlight === 0 && this.#batches.length > 0) this.#appendNext(this.#options.clock.now().wallMs);
  }

  #setAlarm(): void {
    if (this.#state !== "active") return;
    const nextMs = this.#timers.nextMs();
    if (nextMs >= (this.#alarm?.atMs ?? Number.POSITIVE_INFINITY)) return;
    this.#alarm?.cancel();
    const { clock } = this.#options;
    const delayMs = Math.min(Math.max(0, nextMs - clock.now().monotonicMs), maxDelayMs);
    this.#alarm = { atMs: nextMs, cancel: clock.after(delayMs, () => this.#ring()) };
  }

  #ring(): void {
    this.#alarm = undefined;
    const nowMs = this.#options.clock.now().monotonicMs;
    for (let due = this.#timers.takeDue(nowMs); due !== undefined; due = this.#timers.takeDue(nowMs)) {
      const { purpose }: Timer<TimerPurpose> = due;
      this.#step((context) => this.#machine.timer(purpose, context));
      if (this.#state !== "active") return;
    }
    this.#setAlarm();
  }

  #fail(error: unknown): void {
    if (this.#state === "closed") return;
    this.close(ErrorCode.NOT_COORDINATOR);
    this.#options.onFailure(error);
  }
}

/** A longer delay wraps around in JavaScript's own timers; an alarm that rings early only sets itself again. */
const maxDelayMs = 2 ** 31 - 1;

/** Where batches are put together: the log copies them. */
const scratch = new Uint8Array(16 * 1024);

/** Bytes of a batch's own header. */
const batchOverhead = 61;

/** At most what a record takes in a batch: its length, attributes, deltas, lengths of key and value, header count. */
function sizeInBatch(record: EncodedRecord): number {
  return 5 + 1 + 1 + 5 + 5 + record.key.length + 5 + (record.value?.length ?? 0) + 1;
}

function refusalIn(state: ShardState): Submitted<never> {
  const errorCode = state === "loading" ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NOT_COORDINATOR;
  return { ok: false, errorCode };
}

type Refusal = Extract<AppendResult, { ok: false }>;

function errorOf(refused: Refusal): ErrorCode {
  switch (refused.refusal) {
    case "producer":
      return refused.verdict.errorCode;
    case "record-too-large":
      return ErrorCode.RECORD_LIST_TOO_LARGE;
    case "too-many-in-flight":
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    default:
      return ErrorCode.NOT_COORDINATOR;
  }
}

/** undefined: a client brought text that no record can hold: what was malformed grows when it is written as UTF-8. */
function encodeAll<Record>(codec: RecordCodec<Record>, records: readonly Record[], timestamp: number) {
  try {
    return records.map((record): EncodedRecord => {
      const { key, value } = codec.encode(record);
      return { key, value, timestamp };
    });
  } catch (error) {
    if (error instanceof ProtocolError && error.kind === "too large") return undefined;
    throw error;
  }
}
