import type { ReplyToken, StateMachine } from "../coordinator/machine.ts";
import { Timer } from "../coordinator/timers.ts";
import { addPartitions } from "./add-partitions.ts";
import type { TransactionConfig } from "./config.ts";
import { endTransaction, markersWritten, wantMarkers } from "./end-transaction.ts";
import type { TransactionFact } from "./facts.ts";
import { initProducerId } from "./init-producer-id.ts";
import { describeTransaction, listTransactions } from "./listing.ts";
import { isPrepared, type TransactionRecord } from "./record.ts";
import type { TransactionRequests } from "./requests.ts";
import type { Shard, TransactionContext, TransactionTimer } from "./shard.ts";
import { abortTimedOut, removeExpired } from "./time-outs.ts";

type Machine = StateMachine<TransactionRequests, TransactionRecord, TransactionTimer, TransactionFact>;

/**
 * The coordinator of the transactions of one partition of `__transaction_state`: requests and timers to what decides
 * them.
 */
export class TransactionCoordinator implements Machine {
  readonly shard: Shard;
  readonly #timeouts = new Timer<TransactionTimer>({ kind: "timeouts" });
  readonly #expiry = new Timer<TransactionTimer>({ kind: "expiry" });

  /** @param takeProducerId gives ids that no producer had before, as chance gives bytes. */
  constructor(config: TransactionConfig, takeProducerId: () => number | undefined) {
    this.shard = { config, durable: new Map(), epochsBefore: new Map(), unmarked: new Map(), takeProducerId };
  }

  /** The only place where durable state changes: on load, on take-over, and for every record a step emits. */
  replay({ transactionalId, value }: TransactionRecord): void {
    if (value === null) this.shard.durable.delete(transactionalId);
    else this.shard.durable.set(transactionalId, value);
  }

  /** What was decided is carried through: nobody knows which markers the coordinator before has written. */
  loaded(context: TransactionContext): void {
    for (const [transactionalId, current] of this.shard.durable) {
      if (isPrepared(current)) wantMarkers(transactionalId, current, context);
    }
    this.#schedule(this.#timeouts, context);
    this.#schedule(this.#expiry, context);
  }

  request<K extends keyof TransactionRequests>(
    type: K,
    request: TransactionRequests[K]["request"],
    token: ReplyToken,
    context: TransactionContext,
  ): void {
    handlers[type](this.shard, request, token, context);
  }

  timer({ kind }: TransactionTimer, context: TransactionContext): void {
    if (kind === "timeouts") {
      abortTimedOut(this.shard, context);
      this.#schedule(this.#timeouts, context);
    } else {
      removeExpired(this.shard, context);
      this.#schedule(this.#expiry, context);
    }
  }

  #schedule(timer: Timer<TransactionTimer>, context: TransactionContext): void {
    const { abortTimedOutIntervalMs, removeExpiredIntervalMs } = this.shard.config;
    const pauseMs = timer.purpose.kind === "timeouts" ? abortTimedOutIntervalMs : removeExpiredIntervalMs;
    context.schedule(timer, context.now.monotonicMs + pauseMs);
  }
}

type Handlers = {
  readonly [K in keyof TransactionRequests]: (
    shard: Shard,
    request: TransactionRequests[K]["request"],
    token: ReplyToken,
    context: TransactionContext,
  ) => void;
};

const handlers: Handlers = {
  InitProducerId: initProducerId,
  AddPartitions: addPartitions,
  EndTransaction: endTransaction,
  MarkersWritten: markersWritten,
  Describe: (shard, { transactionalId }, token, context) =>
    context.reply(token, describeTransaction(shard, transactionalId)),
  List: (shard, filter, token, context) => context.reply(token, listTransactions(shard, filter, context.now.wallMs)),
};
