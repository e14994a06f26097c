/** A transaction coordinator's shard in virtual time, with a log that can refuse and producer ids that can run out. */
import type { Instant } from "../../../src/coordinator/clock.ts";
import type { ReplyToken } from "../../../src/coordinator/machine.ts";
import { TimerHeap } from "../../../src/coordinator/timers.ts";
import type { ErrorCode } from "../../../src/protocol/errors.ts";
import { type TransactionConfig, transactionConfigDefaults } from "../../../src/transaction/config.ts";
import type { TransactionFact } from "../../../src/transaction/facts.ts";
import type { TransactionMetadata, TransactionRecord } from "../../../src/transaction/record.ts";
import { transactionRecordCodec } from "../../../src/transaction/record-codec.ts";
import type { TransactionRequests } from "../../../src/transaction/requests.ts";
import type { TransactionContext, TransactionTimer } from "../../../src/transaction/shard.ts";
import { TransactionCoordinator } from "../../../src/transaction/transaction-coordinator.ts";

export type RequestType = keyof TransactionRequests;
export type Reply = TransactionRequests[RequestType]["reply"];

/** What the coordinator caused, in order. */
export type Happening =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "record"; readonly record: TransactionRecord }
  | { readonly kind: "fact"; readonly fact: TransactionFact }
  | { readonly kind: "timer"; readonly timer: TransactionTimer; readonly atMs: number };

export const epochMs = Date.UTC(2026, 0, 1, 10, 0, 0);

export class World {
  readonly config: TransactionConfig;
  coordinator: TransactionCoordinator;
  /** What is durable: only this survives a restart. */
  readonly log: { readonly key: Uint8Array; readonly value: Uint8Array | null }[] = [];
  nowMs = 0;
  /** Set: the log refuses all, with this error. */
  refusal: ErrorCode | undefined;
  /** So many it takes before. */
  takesBefore = 0;
  hasProducerIds = true;
  #nextProducerId = 1;
  #timers = new TimerHeap<TransactionTimer>();
  #happenings: Happening[] = [];

  constructor(config: Partial<TransactionConfig> = {}) {
    this.config = { ...transactionConfigDefaults, ...config };
    this.coordinator = this.#anew();
    this.#step((context) => this.coordinator.loaded(context));
  }

  get durable(): ReadonlyMap<string, TransactionMetadata> {
    return this.coordinator.shard.durable;
  }

  /** @returns what it caused; the coordinator parks nothing, so the answer is among it. */
  submit<K extends RequestType>(type: K, request: TransactionRequests[K]["request"]): Happening[] {
    const happened = this.#step((context) => this.coordinator.request(type, request, token, context));
    if (!happened.some(({ kind }) => kind === "reply")) throw new Error(`${type} was not answered`);
    return happened;
  }

  ask<K extends RequestType>(type: K, request: TransactionRequests[K]["request"]): TransactionRequests[K]["reply"] {
    const answer = this.submit(type, request).find(({ kind }) => kind === "reply") as Happening & { kind: "reply" };
    return answer.reply;
  }

  /** Time goes on to `ms`; timers that are due on the way do what they are for. */
  advanceTo(ms: number): Happening[] {
    const happened: Happening[] = [];
    while (this.#timers.nextMs() <= ms) {
      this.nowMs = Math.max(this.nowMs, this.#timers.nextMs());
      const timer = this.#timers.takeDue(this.nowMs)!.purpose;
      const caused = this.#step((context) => this.coordinator.timer(timer, context));
      if (caused.length > 0) happened.push({ kind: "timer", timer, atMs: this.nowMs }, ...caused);
    }
    this.nowMs = ms;
    return happened;
  }

  /** The process dies and comes back: all but the log is lost. */
  restart(): Happening[] {
    this.#timers = new TimerHeap();
    this.coordinator = this.replayed();
    return this.#step((context) => this.coordinator.loaded(context));
  }

  /** A record that an earlier coordinator has written. */
  plant(record: TransactionRecord): void {
    this.log.push(transactionRecordCodec.encode(record));
  }

  /** A coordinator that has seen the log and nothing else. */
  replayed(): TransactionCoordinator {
    const coordinator = this.#anew();
    for (const { key, value } of this.log) coordinator.replay(transactionRecordCodec.decode(key, value)!);
    return coordinator;
  }

  #anew(): TransactionCoordinator {
    return new TransactionCoordinator(this.config, () => (this.hasProducerIds ? this.#nextProducerId++ : undefined));
  }

  #step(decide: (context: TransactionContext) => void): Happening[] {
    this.#happenings = [];
    decide(this.#context({ monotonicMs: this.nowMs, wallMs: epochMs + this.nowMs }));
    return this.#happenings;
  }

  #context(now: Instant): TransactionContext {
    const not = (what: string) => () => {
      throw new Error(`a transaction coordinator does not ${what}`);
    };
    return {
      now,
      rng: { bytes: not("roll dice") },
      emit: (records) => {
        if (this.refusal !== undefined && this.takesBefore-- <= 0) return { ok: false, errorCode: this.refusal };
        for (const record of records) {
          this.plant(record);
          this.coordinator.replay(record);
          this.#happenings.push({ kind: "record", record });
        }
        return { ok: true };
      },
      endTransaction: not("take part in transactions"),
      reply: (_, reply) => void this.#happenings.push({ kind: "reply", reply }),
      drop: not("leave a request without an answer"),
      schedule: (timer, atMs) => this.#timers.set(timer, atMs),
      cancel: (timer) => this.#timers.cancel(timer),
      publish: (fact) => void this.#happenings.push({ kind: "fact", fact }),
    };
  }
}

const token = 1 as ReplyToken;
