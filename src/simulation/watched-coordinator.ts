/** The real group coordinator of one shard, with somebody who looks at each of its steps. */
import type { GroupMachine } from "../broker/group-runtime.ts";
import type { ReplyToken, TransactionResult } from "../coordinator/machine.ts";
import type { Timer } from "../coordinator/timers.ts";
import type { GroupFact } from "../group/facts.ts";
import type { GroupCoordinator } from "../group/group-coordinator.ts";
import type { GroupRecord } from "../group/record.ts";
import type { GroupRequests } from "../group/requests.ts";
import type { GroupContext, GroupTimer, Shard } from "../group/shard.ts";
import type { Asked } from "./requests.ts";

export interface Step {
  readonly type: keyof GroupRequests | "timer" | "loaded";
  readonly request: unknown;
  readonly nowWallMs: number;
  readonly records: GroupRecord[];
  readonly replies: { readonly token: ReplyToken; readonly response: unknown }[];
}

export interface StepWatcher {
  /** @returns what is to be looked at when the step is over. */
  before(coordinator: WatchedCoordinator, step: Step): () => void;
  loaded(coordinator: WatchedCoordinator): void;
  fact(fact: GroupFact): void;
  /** A request has come to the machine, or the machine has said its answer. */
  asked(coordinator: WatchedCoordinator, token: ReplyToken): void;
  replied(coordinator: WatchedCoordinator, token: ReplyToken): void;
}

export class WatchedCoordinator implements GroupMachine {
  readonly partition: number;
  readonly broker: number;
  readonly #coordinator: GroupCoordinator;
  readonly #watcher: StepWatcher;
  /** Records that its steps emitted. */
  emittedRecords = 0;
  /** The log did not take something: the disk fails, or another broker leads. */
  wasRefused = false;
  /** Requests that have no answer yet. */
  readonly parked = new Set<ReplyToken>();
  /** What came over the wire, by the token that the shard gave it. */
  readonly requests = new Map<ReplyToken, Asked>();
  readonly #timers = new Set<Timer<GroupTimer>>();

  constructor(coordinator: GroupCoordinator, partition: number, broker: number, watcher: StepWatcher) {
    this.#coordinator = coordinator;
    this.partition = partition;
    this.broker = broker;
    this.#watcher = watcher;
  }

  get shard(): Shard {
    return this.#coordinator.shard;
  }

  /** Those that are set. */
  get timers(): Timer<GroupTimer>[] {
    return [...this.#timers].filter(({ isSet }) => isSet);
  }

  replay(record: GroupRecord, producerId?: number): void {
    this.#coordinator.replay(record, producerId);
  }

  replayEndTransaction(producerId: number, producerEpoch: number, type: TransactionResult): void {
    this.#coordinator.replayEndTransaction(producerId, producerEpoch, type);
  }

  loaded(context: GroupContext): void {
    this.#step("loaded", undefined, context, (watched) => this.#coordinator.loaded(watched));
    this.#watcher.loaded(this);
  }

  request<K extends keyof GroupRequests>(
    type: K,
    request: GroupRequests[K]["request"],
    token: ReplyToken,
    context: GroupContext,
  ): void {
    this.parked.add(token);
    this.#watcher.asked(this, token);
    this.#step(type, request, context, (watched) => this.#coordinator.request(type, request, token, watched));
  }

  timer(purpose: GroupTimer, context: GroupContext): void {
    this.#step("timer", purpose, context, (watched) => this.#coordinator.timer(purpose, watched));
  }

  #step(type: Step["type"], request: unknown, context: GroupContext, decide: (context: GroupContext) => void): void {
    const step: Step = { type, request, nowWallMs: context.now.wallMs, records: [], replies: [] };
    const after = this.#watcher.before(this, step);
    decide(this.#watched(context, step));
    after();
  }

  #watched(context: GroupContext, step: Step): GroupContext {
    return {
      now: context.now,
      rng: context.rng,
      endTransaction: (marker) => {
        const admission = context.endTransaction(marker);
        if (!admission.ok) this.wasRefused = true;
        return admission;
      },
      emit: (records, transaction) => {
        const admission = context.emit(records, transaction);
        if (!admission.ok) {
          this.wasRefused = true;
          return admission;
        }
        this.emittedRecords += records.length;
        step.records.push(...records);
        return admission;
      },
      reply: (token, response) => {
        context.reply(token, response);
        this.parked.delete(token);
        step.replies.push({ token, response });
        this.#watcher.replied(this, token);
      },
      drop: (token) => {
        context.drop(token);
        this.parked.delete(token);
        this.requests.delete(token);
      },
      schedule: (timer, atMs) => {
        this.#timers.add(timer);
        context.schedule(timer, atMs);
      },
      cancel: (timer) => {
        this.#timers.delete(timer);
        context.cancel(timer);
      },
      publish: (fact) => {
        context.publish(fact);
        this.#watcher.fact(fact);
      },
    };
  }
}
