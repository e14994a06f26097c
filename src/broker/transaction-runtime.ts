/** The shards of `__transaction_state` that this broker leads, and what they want written and told. */
import type { Clock, Rng } from "../coordinator/clock.ts";
import type { StateMachine } from "../coordinator/machine.ts";
import { Runtime } from "../coordinator/runtime.ts";
import type { MaybePromise } from "../coordinator/shard.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { coordinatorPartition } from "../protocol/hash.ts";
import type { Platform } from "../protocol/platform.ts";
import type { TransactionConfig } from "../transaction/config.ts";
import type { TransactionFact } from "../transaction/facts.ts";
import type { TransactionRecord } from "../transaction/record.ts";
import { transactionRecordCodec } from "../transaction/record-codec.ts";
import type { TransactionRequests } from "../transaction/requests.ts";
import type { TransactionTimer } from "../transaction/shard.ts";
import { TransactionCoordinator } from "../transaction/transaction-coordinator.ts";
import type { BrokerConfig } from "./config.ts";
import type {
  LedPartition,
  Logger,
  Outcome,
  PartitionVerdict,
  TransactionAdmission,
  TransactionShards,
} from "./context.ts";
import { Endings } from "./endings.ts";
import { MarkerWriter, type WriteMarker } from "./marker-writer.ts";
import { shardFailures } from "./shard-failures.ts";

export type TransactionMachine = StateMachine<
  TransactionRequests,
  TransactionRecord,
  TransactionTimer,
  TransactionFact
>;
/** As `GroupWatch`, for the coordinators of transactions. */
export type TransactionWatch = (partition: number, coordinator: TransactionCoordinator) => TransactionMachine;

export interface TransactionRuntimeOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly logger: Logger;
  readonly takeProducerId: () => number | undefined;
  readonly writeMarker: WriteMarker;
  readonly watchTransactions?: TransactionWatch;
  /** How many partitions `__transaction_state` has; undefined: it is not made yet. */
  readonly partitions: () => number | undefined;
}

export class TransactionRuntime implements TransactionShards {
  readonly #runtime;
  readonly #config: BrokerConfig;
  readonly #logger: Logger;
  readonly #partitions: () => number | undefined;
  readonly #clock: Clock;
  readonly #markers: MarkerWriter;
  readonly #endings: Endings;
  readonly #loads = new Set<Promise<void>>();
  /** By partition, the epoch under which it is led: its markers bear it. */
  readonly #coordinatorEpochs = new Map<number, number>();

  constructor(options: TransactionRuntimeOptions) {
    const {
      config,
      logger,
      takeProducerId,
      writeMarker,
      partitions,
      watchTransactions = unwatched,
      ...seams
    } = options;
    this.#config = config;
    this.#logger = logger;
    this.#partitions = partitions;
    this.#clock = seams.clock;
    this.#endings = new Endings(seams.clock);
    this.#markers = new MarkerWriter({
      clock: seams.clock,
      logger,
      write: writeMarker,
      isCurrent: (partition, epoch) => this.#coordinatorEpochs.get(partition) === epoch,
      written: async (partition, transaction) => this.#runtime.submit(partition, "MarkersWritten", transaction),
    });
    this.#runtime = new Runtime({
      ...seams,
      codec: transactionRecordCodec,
      machine: (partition) =>
        watchTransactions(partition, new TransactionCoordinator(transactionConfig(config), takeProducerId)),
      onFact: (fact: TransactionFact, partition) => this.#onFact(fact, partition),
      ...shardFailures("__transaction_state", "transactions", logger),
    });
  }

  submit<K extends keyof TransactionRequests>(
    partition: number,
    type: K,
    request: TransactionRequests[K]["request"],
  ): MaybePromise<Outcome<TransactionRequests[K]["reply"]>> {
    return this.#runtime.submit(partition, type, request);
  }

  /** While the transaction before is still ending, mostly for its last marker, a new partition waits for that. */
  async admit(asked: TransactionAdmission): Promise<PartitionVerdict> {
    if (asked.mode === "verify") {
      const isVerified = this.#config.get("transaction.partition.verification.enable");
      return isVerified ? this.#ask(asked) : () => ErrorCode.NONE;
    }
    const untilMs = this.#clock.now().monotonicMs + this.#config.get("add.partitions.to.txn.retry.backoff.max.ms");
    for (;;) {
      const ending = this.#endings.of(asked.transactionalId);
      try {
        const verdict = await this.#ask(asked);
        const leftMs = untilMs - this.#clock.now().monotonicMs;
        if (leftMs <= 0 || !isEnding(asked, verdict)) return verdict;
        await ending.within(leftMs);
      } finally {
        ending.forget();
      }
    }
  }

  async #ask({ mode, ...asked }: TransactionAdmission): Promise<PartitionVerdict> {
    const request = { ...asked, verifyOnly: mode === "verify", transactionVersion: 2 } as const;
    const outcome = await this.submit(this.partitionOf(asked.transactionalId), "AddPartitions", request);
    if (!outcome.ok) return () => outcome.errorCode;
    const errors = new Map<string, ErrorCode>();
    for (const { name, partitions } of outcome.reply.topics) {
      for (const { partition, errorCode } of partitions) errors.set(`${name}-${partition}`, errorCode);
    }
    return (topic, partition) => {
      const errorCode = errors.get(`${topic}-${partition}`);
      if (errorCode === undefined) throw new Error(`nobody asked whether ${topic}-${partition} may be written to`);
      return errorCode;
    };
  }

  /** What the config says counts until the topic is made: an id stays where its records are. */
  partitionOf(transactionalId: string): number {
    const partitions = this.#partitions() ?? this.#config.get("transaction.state.log.num.partitions");
    return coordinatorPartition(transactionalId, partitions);
  }

  /** This broker leads a partition now; when it is one of ours, its transactions are loaded. */
  lead({ topic, partition, leaderEpoch, log }: LedPartition): void {
    if (topic.name !== "__transaction_state") return;
    this.#coordinatorEpochs.set(partition, leaderEpoch);
    const load = this.#runtime.load(partition, log, leaderEpoch).finally(() => this.#loads.delete(load));
    this.#loads.add(load);
  }

  /** When the topic of its own is gone nothing is coordinated any more. */
  topicsDeleted(topics: readonly { readonly name: string }[]): void {
    if (topics.some(({ name }) => name === "__transaction_state")) this.#unload();
  }

  /** Resolves when all shards that are led so far take requests. */
  async loaded(): Promise<void> {
    await Promise.all(this.#loads);
  }

  stop(): void {
    this.#unload();
    this.#markers.stop();
    this.#endings.stop();
  }

  #unload(): void {
    this.#coordinatorEpochs.clear();
    this.#runtime.stop();
  }

  #onFact(fact: TransactionFact, partition: number): void {
    const { type, ...fields } = fact;
    switch (fact.type) {
      case "MarkersWanted":
        return this.#markers.begin(partition, this.#coordinatorEpochs.get(partition) ?? -1, fact);
      case "TransactionCompleted":
        this.#endings.tell(fact.transactionalId);
        return this.#logger.debug(fields, `transaction ${fact.transactionalId} ended: ${fact.result}`);
      case "TransactionTimedOut":
        return this.#logger.info(fields, `transaction ${fact.transactionalId} is aborted after ${fact.timeoutMs} ms`);
      case "TransactionalIdsExpired":
        return this.#logger.info(fields, `${fact.transactionalIds.length} transactional ids expired`);
      default:
        throw new Error(`no words for ${type}`);
    }
  }
}

const unwatched: TransactionWatch = (_partition, coordinator) => coordinator;

function isEnding({ topics }: TransactionAdmission, verdict: PartitionVerdict): boolean {
  const [first] = topics; // what an `add` says, it says of all
  const partition = first?.partitions[0];
  if (first === undefined || partition === undefined) return false;
  return verdict(first.name, partition) === ErrorCode.CONCURRENT_TRANSACTIONS;
}

function transactionConfig(config: BrokerConfig): TransactionConfig {
  return {
    transactionalIdExpirationMs: config.get("transactional.id.expiration.ms"),
    abortTimedOutIntervalMs: config.get("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
    removeExpiredIntervalMs: config.get("transaction.remove.expired.transaction.cleanup.interval.ms"),
  };
}
