/** The real coordinator of one shard, with somebody who looks at each of its steps. */
import type { ReplyToken, Requests, StateMachine, StepContext, TransactionResult } from "../coordinator/machine.ts";
import type { Timer } from "../coordinator/timers.ts";

export interface Step<Q, R> {
  readonly type: keyof Q | "timer" | "loaded";
  readonly request: unknown;
  readonly nowWallMs: number;
  readonly records: R[];
  readonly replies: { readonly token: ReplyToken; readonly response: unknown }[];
}

export interface StepWatcher<W, Q, R, F> {
  /** @returns what is to be looked at when the step is over. */
  before(machine: W, step: Step<Q, R>): () => void;
  loaded(machine: W): void;
  fact(machine: W, fact: F): void;
  /** A request has come to the machine. */
  asked(machine: W, token: ReplyToken): void;
  /** The machine has said its answer. @returns what is answered. */
  replied<T>(machine: W, token: ReplyToken, response: T): T;
}

export class WatchedMachine<Q extends Requests, R, P, F, M extends StateMachine<Q, R, P, F>>
  implements StateMachine<Q, R, P, F>
{
  readonly partition: number;
  readonly broker: number;
  readonly machine: M;
  readonly #watcher: StepWatcher<this, Q, R, F>;
  /** Records that its steps emitted. */
  emittedRecords = 0;
  /** The log did not take something: the disk fails, or another broker leads. */
  wasRefused = false;
  /** Requests that have no answer yet. */
  readonly parked = new Set<ReplyToken>();
  readonly #timers = new Set<Timer<P>>();
  #context: { readonly of: StepContext<Q, R, P, F>; readonly watched: StepContext<Q, R, P, F> } | undefined;
  #current: Step<Q, R> | undefined;

  constructor(machine: M, partition: number, broker: number, watcher: StepWatcher<never, Q, R, F>) {
    this.machine = machine;
    this.partition = partition;
    this.broker = broker;
    this.#watcher = watcher as StepWatcher<this, Q, R, F>;
  }

  /** Those that are set. */
  get timers(): Timer<P>[] {
    return [...this.#timers].filter(({ isSet }) => isSet);
  }

  replay(record: R, producerId?: number): void {
    this.machine.replay(record, producerId);
  }

  replayEndTransaction(producerId: number, producerEpoch: number, type: TransactionResult): void {
    this.machine.replayEndTransaction?.(producerId, producerEpoch, type);
  }

  loaded(context: StepContext<Q, R, P, F>): void {
    this.#step("loaded", undefined, context, (watched) => this.machine.loaded(watched));
    this.#watcher.loaded(this);
  }

  request<K extends keyof Q>(
    type: K,
    request: Q[K]["request"],
    token: ReplyToken,
    context: StepContext<Q, R, P, F>,
  ): void {
    this.parked.add(token);
    this.#watcher.asked(this, token);
    this.#step(type, request, context, (watched) => this.machine.request(type, request, token, watched));
  }

  timer(purpose: P, context: StepContext<Q, R, P, F>): void {
    this.#step("timer", purpose, context, (watched) => this.machine.timer(purpose, watched));
  }

  #step(
    type: Step<Q, R>["type"],
    request: unknown,
    context: StepContext<Q, R, P, F>,
    decide: (context: StepContext<Q, R, P, F>) => void,
  ): void {
    const step: Step<Q, R> = { type, request, nowWallMs: context.now.wallMs, records: [], replies: [] };
    const after = this.#watcher.before(this, step);
    if (this.#context?.of !== context) this.#context = { of: context, watched: this.#watched(context) };
    this.#current = step;
    decide(this.#context.watched);
    after();
  }

  /** A shard has one context for all of its steps. */
  #watched(context: StepContext<Q, R, P, F>): StepContext<Q, R, P, F> {
    return {
      get now() {
        return context.now;
      },
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
        this.#current!.records.push(...records);
        return admission;
      },
      reply: (token, response) => {
        context.reply(token, this.#watcher.replied(this, token, response));
        this.parked.delete(token);
        this.#current!.replies.push({ token, response });
      },
      drop: (token) => {
        context.drop(token);
        this.parked.delete(token);
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
        this.#watcher.fact(this, fact);
      },
    };
  }
}
