/** A coordinator shard in virtual time, with a log that can refuse: all that `StepContext` offers, without I/O. */
import type { Instant } from "../../../src/coordinator/clock.ts";
import type {
  Admission,
  ReplyToken,
  TransactionalProducer,
  TransactionMarker,
} from "../../../src/coordinator/machine.ts";
import { TimerHeap } from "../../../src/coordinator/timers.ts";
import type { ClassicState } from "../../../src/group/classic/transitions.ts";
import { type GroupConfig, groupConfigDefaults } from "../../../src/group/config.ts";
import type { GroupFact } from "../../../src/group/facts.ts";
import { GroupCoordinator } from "../../../src/group/group-coordinator.ts";
import type { GroupRecord } from "../../../src/group/record.ts";
import { groupRecordCodec } from "../../../src/group/record-codec.ts";
import type { GroupRequests } from "../../../src/group/requests.ts";
import { type GroupContext, type GroupTimer, stateOf } from "../../../src/group/shard.ts";
import { ErrorCode } from "../../../src/protocol/errors.ts";

export type RequestType = keyof GroupRequests;
export type Reply = GroupRequests[RequestType]["reply"];

/** What the coordinator caused, in order. */
export type Happening =
  | { readonly kind: "reply"; readonly token: ReplyToken; readonly reply: Reply }
  | { readonly kind: "drop"; readonly token: ReplyToken }
  | { readonly kind: "record"; readonly record: GroupRecord; readonly producerId: number | undefined }
  | { readonly kind: "marker"; readonly marker: TransactionMarker }
  | { readonly kind: "fact"; readonly fact: GroupFact }
  | { readonly kind: "timer"; readonly timer: GroupTimer; readonly atMs: number }
  | { readonly kind: "state"; readonly groupId: string; readonly state: ClassicState };

export interface LoggedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  /** Of the transaction that it is part of. */
  readonly producerId?: number;
}

export const epochMs = Date.UTC(2026, 0, 1, 10, 0, 0);

export class World {
  readonly config: GroupConfig;
  coordinator: GroupCoordinator;
  /** What is durable: only this survives a restart. */
  readonly log: (LoggedRecord | TransactionMarker)[] = [];
  nowMs = 0;
  /** Set: the log refuses all, with this error. */
  refusal: ErrorCode | undefined;
  maxRecordBytes = 1_048_588;
  #timers = new TimerHeap<GroupTimer>();
  #happenings: Happening[] = [];
  readonly #parked = new Map<ReplyToken, RequestType>();
  readonly #states = new Map<string, ClassicState>();
  /** What the log knows of producers. */
  readonly #epochs = new Map<number, number>();
  #coordinatorEpoch = 0;
  #nextToken = 1;
  #nextId = 1;

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...groupConfigDefaults, ...config };
    this.coordinator = new GroupCoordinator(this.config);
    this.#step((context) => this.coordinator.loaded(context));
  }

  get parked(): ReadonlyMap<ReplyToken, RequestType> {
    return this.#parked;
  }

  /** @returns what it caused at once; `token` names the request in what is caused later. */
  submit<K extends RequestType>(
    type: K,
    request: GroupRequests[K]["request"],
  ): { readonly token: ReplyToken; readonly happened: Happening[] } {
    const token = this.#nextToken++ as ReplyToken;
    this.#parked.set(token, type);
    const happened = this.#step((context) => this.coordinator.request(type, request, token, context));
    return { token, happened };
  }

  /** Asks, and expects the answer at once. */
  ask<K extends RequestType>(type: K, request: GroupRequests[K]["request"]): GroupRequests[K]["reply"] {
    const { token, happened } = this.submit(type, request);
    for (const one of happened) if (one.kind === "reply" && one.token === token) return one.reply;
    throw new Error(`${type} was not answered`);
  }

  /** Time goes on to `ms`; timers that are due on the way do what they are for. */
  advanceTo(ms: number): Happening[] {
    const happened: Happening[] = [];
    while (this.#timers.nextMs() <= ms) {
      this.nowMs = Math.max(this.nowMs, this.#timers.nextMs());
      const timer = this.#timers.takeDue(this.nowMs);
      if (timer === undefined) break;
      happened.push({ kind: "timer", timer: timer.purpose, atMs: this.nowMs });
      happened.push(...this.#step((context) => this.coordinator.timer(timer.purpose, context)));
    }
    this.nowMs = ms;
    return happened;
  }

  /** The process dies and comes back: what waited is lost, the log is not. */
  restart(): Happening[] {
    this.#parked.clear();
    this.#states.clear();
    this.#timers = new TimerHeap();
    this.coordinator = this.replayed();
    return this.#step((context) => this.coordinator.loaded(context));
  }

  /** A coordinator that has seen the log and nothing else. */
  replayed(): GroupCoordinator {
    const coordinator = new GroupCoordinator(this.config);
    for (const logged of this.log) {
      if ("type" in logged) {
        coordinator.replayEndTransaction(logged.producerId, logged.producerEpoch, logged.type);
        continue;
      }
      const record = groupRecordCodec.decode(logged.key, logged.value);
      if (record !== undefined) coordinator.replay(record, logged.producerId);
    }
    return coordinator;
  }

  /** When the next timer may be due; Infinity: none is set. */
  get nextTimerMs(): number {
    return this.#timers.nextMs();
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  #step(decide: (context: GroupContext) => void): Happening[] {
    this.#happenings = [];
    decide(this.#context({ monotonicMs: this.nowMs, wallMs: epochMs + this.nowMs }));
    // Replies leave when the records are durable, so they are told last.
    const isAnswer = ({ kind }: Happening) => kind === "reply" || kind === "drop";
    const answers = this.#happenings.filter(isAnswer);
    return [...this.#happenings.filter((one) => !isAnswer(one)), ...this.#newStates(), ...answers];
  }

  #newStates(): Happening[] {
    const { shard } = this.coordinator;
    const groupIds = new Set([...this.#states.keys(), ...shard.durable.groups.keys()]);
    const changed: Happening[] = [];
    for (const groupId of groupIds) {
      const state = stateOf(shard, groupId);
      if (state !== this.#states.get(groupId)) changed.push({ kind: "state", groupId, state });
      this.#states.set(groupId, state);
    }
    return changed;
  }

  #context(now: Instant): GroupContext {
    return {
      now,
      // The count is in the first bytes, so that member ids can be told apart by eye.
      rng: { bytes: (count) => Uint8Array.from({ length: count }, (_, at) => (at === 3 ? this.#nextId++ : 0)) },
      emit: (records, transaction) => this.#emit(records, transaction),
      endTransaction: (marker) => this.#endTransaction(marker),
      reply: (token, reply) => {
        this.#settle(token);
        this.#happenings.push({ kind: "reply", token, reply });
      },
      drop: (token) => {
        this.#settle(token);
        this.#happenings.push({ kind: "drop", token });
      },
      schedule: (timer, atMs) => this.#timers.set(timer, atMs),
      cancel: (timer) => this.#timers.cancel(timer),
      publish: (fact) => void this.#happenings.push({ kind: "fact", fact }),
    };
  }

  #emit(records: readonly GroupRecord[], transaction: TransactionalProducer | undefined): Admission {
    const refusal = this.refusal ?? (transaction && this.#refuseProducer(transaction));
    if (refusal !== undefined) return { ok: false, errorCode: refusal };
    const producerId = transaction?.producerId;
    const encoded = records.map((record) => groupRecordCodec.encode(record));
    const bytes = encoded.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    if (bytes > this.maxRecordBytes) return { ok: false, errorCode: ErrorCode.MESSAGE_TOO_LARGE };
    for (const record of records) {
      this.coordinator.replay(record, producerId);
      this.#happenings.push({ kind: "record", record, producerId });
    }
    this.log.push(...encoded.map((one) => (producerId === undefined ? one : { ...one, producerId })));
    return { ok: true };
  }

  #endTransaction(marker: TransactionMarker): Admission {
    const fenced = marker.coordinatorEpoch < this.#coordinatorEpoch;
    const refusal = this.refusal ?? (fenced ? ErrorCode.TRANSACTION_COORDINATOR_FENCED : this.#refuseProducer(marker));
    if (refusal !== undefined) return { ok: false, errorCode: refusal };
    this.#coordinatorEpoch = marker.coordinatorEpoch;
    this.coordinator.replayEndTransaction(marker.producerId, marker.producerEpoch, marker.type);
    this.#happenings.push({ kind: "marker", marker });
    this.log.push(marker);
    return { ok: true };
  }

  #refuseProducer({ producerId, producerEpoch }: TransactionalProducer): ErrorCode | undefined {
    if (producerEpoch < (this.#epochs.get(producerId) ?? 0)) return ErrorCode.INVALID_PRODUCER_EPOCH;
    this.#epochs.set(producerId, producerEpoch);
    return undefined;
  }

  #settle(token: ReplyToken): void {
    if (!this.#parked.delete(token)) throw new Error(`request ${token} is answered a second time`);
  }
}
