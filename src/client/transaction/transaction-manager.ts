/**
 * The state of a transactional producer: what its coordinator knows of the open transaction, and how that ends. The
 * sender asks it before a batch leaves, and tells it of every one that fails.
 */
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster } from "../cluster.ts";
import type { OffsetToCommit } from "../consumer/committer.ts";
import { InvalidStateError } from "../consumer/errors.ts";
import { KafkaError } from "../errors.ts";
import type { TransactionTimes } from "../metrics/transaction-times.ts";
import type { Identity } from "../producer/producer-identity.ts";
import type { ProducerConfig } from "../producer-keys.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import {
  asKafkaError,
  fatalError,
  isFatal,
  isOutOfStep,
  type Outcome,
  TransactionAbortedError,
  type TransactionError,
} from "./errors.ts";
import { type GroupMetadata, TransactionCalls } from "./transaction-calls.ts";
import { type ProducerState, transitions } from "./transitions.ts";

/** What the manager has done to the records of the open transaction. */
export interface Records {
  /** Resolves when the fate of all that were given is told. */
  flush(): Promise<void>;
  /** Fails all that wait; resolves when nothing is under way. */
  discard(error: KafkaError): Promise<void>;
  /** Another producer epoch begins: sequences start at 0. */
  startSequencesAnew(): void;
  /** A partition may be written to that could not before. */
  wake(): void;
}

export class TransactionManager {
  readonly transactionalId: string;
  readonly #calls: TransactionCalls;
  readonly #records: Records;
  readonly #times: TransactionTimes;
  #state: ProducerState = "Uninitialized";
  #initializing: Promise<void> | undefined;
  #identity: Identity | undefined;
  #usesV2 = false;
  /** Why the transaction cannot be committed, or the producer not go on. */
  #error: TransactionError | undefined;
  /** The coordinator may know of the open transaction, which must then be ended. */
  #isStarted = false;
  /**
   * Records left this producer, and it is not known what became of them: their sequences are not to be used again. Or
   * the coordinator has another epoch for it. In the first version of the protocol it has to ask for one then.
   */
  #isTorn = false;
  readonly #joined = new Set<string>();
  readonly #toJoin = new Map<string, TopicPartition>();
  #isJoining = false;
  readonly #groups = new Set<string>();
  #ending: Promise<void> | undefined;
  /** What coordinators were asked and have not answered. */
  readonly #pending = new Set<Promise<unknown>>();

  constructor(
    cluster: Cluster,
    config: ProducerConfig,
    transactionalId: string,
    records: Records,
    times: TransactionTimes,
  ) {
    this.transactionalId = transactionalId;
    this.#calls = new TransactionCalls(cluster, config, transactionalId);
    this.#records = records;
    this.#times = times;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  get usesV2(): boolean {
    return this.#usesV2;
  }

  get error(): TransactionError | undefined {
    return this.#error;
  }

  get isOpen(): boolean {
    return this.#state === "InTransaction" || this.#state === "AbortableError";
  }

  /** May what failed be sent again? Not when the transaction is to be aborted. */
  get mayRetry(): boolean {
    return this.#state === "InTransaction";
  }

  /** Once; calls while it asks share the answer. @throws {TransactionError | KafkaError} */
  initialize(): Promise<void> {
    if (this.#state !== "Uninitialized") return Promise.resolve();
    this.#initializing ??= this.#times.of("init", this.#initialize()).finally(() => {
      this.#initializing = undefined;
    });
    return this.#initializing;
  }

  /** @throws {InvalidStateError} while a transaction is open. @throws {TransactionError | KafkaError} */
  async begin(): Promise<void> {
    await this.initialize();
    this.#usesV2 = await this.#times.of("begin", this.#calls.usesV2());
    if (this.#state === "Failed") throw this.#error;
    if (this.#state !== "Ready") {
      throw new InvalidStateError(
        `transactional.id ${this.transactionalId}: a transaction is open`,
        "a producer has one at a time: await its end, or make a second producer with a transactional.id of its own",
      );
    }
    this.#turn("InTransaction");
  }

  /** May a batch to this partition leave? If not, `wake` tells when. */
  admits(topic: string, partition: number): boolean {
    if (this.#state !== "InTransaction") return false;
    if (this.#usesV2) {
      this.#isStarted = true;
      return true;
    }
    const key = partitionKey(topic, partition);
    if (this.#joined.has(key)) return true;
    this.#toJoin.set(key, { topic, partition });
    if (!this.#isJoining) void this.#track(this.#join());
    return false;
  }

  /** A record was not stored. @param isTorn it has a sequence, which must not be used again. */
  recordFailed(error: unknown, isTorn: boolean): void {
    this.#isTorn ||= isTorn;
    this.#failed(error);
  }

  /** @throws {TransactionError} */
  sendOffsets(group: GroupMetadata, offsets: readonly OffsetToCommit[]): Promise<void> {
    return this.#track(this.#times.of("send.offsets", this.#sendOffsets(group, offsets)));
  }

  /** @throws {TransactionError} and nothing of the transaction counts, unless its `outcome` is unknown. */
  commit(): Promise<void> {
    return this.#ends(this.#times.of("commit", this.#commit()));
  }

  /** @throws {TransactionError} when the producer cannot go on. */
  abort(): Promise<void> {
    return this.#ends(this.#times.of("abort", this.#abort()));
  }

  /** The producer closes: what is open is aborted, what is about to end does. */
  async close(): Promise<void> {
    await this.#ending?.catch(() => {});
    if (this.isOpen) await this.abort();
  }

  async #commit(): Promise<void> {
    await Promise.all([this.#records.flush(), Promise.allSettled(this.#pending)]);
    let ifFatal: Outcome = "aborted";
    if (this.#state === "InTransaction") {
      this.#turn("Committing");
      try {
        await this.#end(true);
        this.#forget();
        return this.#turn("Ready");
      } catch (error) {
        if (this.#calls.wasEndRepeated) ifFatal = "unknown";
        this.#commitFailed(asKafkaError(error), ifFatal);
      }
    }
    const error = this.#error ?? wasAborted(this.transactionalId);
    if (this.isOpen) await this.#abort(ifFatal);
    throw error;
  }

  /** @param ifFatal what became of the transaction, when another producer has taken over. */
  async #abort(ifFatal: Outcome = "aborted"): Promise<void> {
    if (this.#state === "Failed") throw this.#error;
    if (!this.isOpen) return; // the producer was closed
    this.#turn("Aborting");
    await this.#records.discard(this.#error ?? wasAborted(this.transactionalId));
    await Promise.allSettled(this.#pending);
    try {
      await this.#endAborted();
    } catch (error) {
      throw this.#giveUp(asKafkaError(error), ifFatal);
    }
    this.#error = undefined;
    this.#turn("Ready");
  }

  /**
   * The coordinator may have done so before, and raised the epoch: because it took too long, or for another producer.
   * Who names its own epoch goes on, unless there is another one (KIP-360). In the second version of the protocol the
   * end itself brings a new epoch.
   */
  async #endAborted(): Promise<void> {
    let needsEpoch = this.#isTorn && !this.#usesV2;
    try {
      await this.#end(false);
    } catch (error) {
      if (!isOutOfStep(error)) throw error;
      needsEpoch = true;
    }
    if (needsEpoch) this.#become(await this.#calls.initProducerId(this.#identity));
    this.#forget();
  }

  async #initialize(): Promise<void> {
    try {
      this.#become(await this.#calls.initProducerId());
      this.#turn("Ready");
    } catch (error) {
      const cause = asKafkaError(error);
      if (isFatal(cause) || isOutOfStep(cause)) throw this.#giveUp(cause, "aborted");
      throw cause;
    }
  }

  async #sendOffsets(group: GroupMetadata, offsets: readonly OffsetToCommit[]): Promise<void> {
    const identity = this.#identity!;
    const isNew = !this.#usesV2 && !this.#groups.has(group.groupId);
    try {
      if (isNew) await this.#calls.addOffsets(identity, group.groupId);
      this.#groups.add(group.groupId);
      this.#isStarted = true;
      await this.#calls.commitOffsets(identity, group, offsets, this.#usesV2);
    } catch (error) {
      this.#throwFailed(error);
    }
  }

  /** All that were asked for while an earlier request was under way go into the next one. */
  async #join(): Promise<void> {
    this.#isJoining = true;
    try {
      await Promise.resolve();
      while (this.#toJoin.size > 0 && this.#state === "InTransaction") {
        const partitions = [...this.#toJoin];
        this.#toJoin.clear();
        await this.#calls.addPartitions(
          this.#identity!,
          partitions.map(([, partition]) => partition),
        );
        this.#isStarted = true;
        for (const [key] of partitions) this.#joined.add(key);
        this.#records.wake();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isJoining = false;
    }
  }

  /** Of a transaction that the coordinator does not know of there is nothing to end. */
  async #end(committed: boolean): Promise<void> {
    if (this.#isStarted) this.#become(await this.#calls.end(this.#identity!, committed, this.#usesV2));
  }

  /** What the coordinator knew of the transaction. */
  #forget(): void {
    this.#isStarted = false;
    this.#isTorn = false;
    this.#joined.clear();
    this.#toJoin.clear();
    this.#groups.clear();
  }

  #become(identity: Identity): void {
    const before = this.#identity;
    this.#identity = identity;
    const isSame = identity.producerId === before?.producerId && identity.producerEpoch === before.producerEpoch;
    if (!isSame) this.#records.startSequencesAnew();
  }

  #commitFailed(cause: KafkaError, ifFatal: Outcome): void {
    if (cause.errorCode === ErrorCode.TRANSACTION_ABORTABLE || isOutOfStep(cause)) {
      this.#error = new TransactionAbortedError(this.transactionalId, cause);
      return this.#turn("AbortableError");
    }
    // Only a refusal says that it was not committed: a broker that failed may have done so after the decision.
    const isRefused = isFatal(cause) && cause.code !== "CLIENT_CLOSED";
    this.#giveUp(cause, isRefused ? ifFatal : "unknown");
  }

  #failed(error: unknown): void {
    if (this.#state !== "InTransaction") return;
    const cause = asKafkaError(error);
    if (isFatal(cause)) return void this.#giveUp(cause, "aborted");
    this.#isTorn ||= isOutOfStep(cause);
    this.#error = new TransactionAbortedError(this.transactionalId, cause);
    this.#turn("AbortableError");
    void this.#records.discard(this.#error);
  }

  #throwFailed(error: unknown): never {
    this.#failed(error);
    throw this.#error ?? error;
  }

  #giveUp(cause: KafkaError, outcome: Outcome): TransactionError {
    this.#error = fatalError(this.transactionalId, outcome, cause);
    this.#turn("Failed");
    void this.#records.discard(this.#error);
    return this.#error;
  }

  #ends(ending: Promise<void>): Promise<void> {
    this.#ending = ending;
    return ending;
  }

  /** The transaction does not end before it does. */
  #track<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call);
    const done = () => void this.#pending.delete(call);
    call.then(done, done);
    return call;
  }

  #turn(to: ProducerState): void {
    const allowed: readonly ProducerState[] = transitions[this.#state];
    if (!allowed.includes(to)) throw new Error(`a transactional producer cannot turn from ${this.#state} to ${to}`);
    this.#state = to;
  }
}

function wasAborted(transactionalId: string): KafkaError {
  return new KafkaError(`transactional.id ${transactionalId}: the transaction was aborted`, {
    code: "TRANSACTION_ABORTED",
  });
}
