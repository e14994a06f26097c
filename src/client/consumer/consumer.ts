/** Reads topics, alone or as a member of a group. */
import { type CommittedOffset, listGroupOffsets } from "../admin/offsets.ts";
import type { CallOptions, Cluster } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { ClientConfigError, ClosedError, type KafkaError, RequestTimeoutError } from "../errors.ts";
import { listed } from "../member/partitions.ts";
import { commonAttributes } from "../metrics/client-metrics.ts";
import type { Metric } from "../metrics/metric.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import type { BatchRead, RecordRead, TopicName } from "../topic-types.ts";
import { callWithin, within } from "../wait.ts";
import { Assignments } from "./assignments.ts";
import { type CommitInput, offsetsIn } from "./commit-input.ts";
import type { OffsetToCommit } from "./committer.ts";
import { InvalidStateError } from "./errors.ts";
import { Loop, type LoopOptions, oneBatch, oneRecord } from "./loops.ts";
import { Polls } from "./polls.ts";
import type { ReadPartition, Whence } from "./read-partition.ts";
import { type RunOptions, run } from "./run.ts";
import type { SubscriptionInput } from "./subscription.ts";

/** An offset, the first or the one behind the last, or the first record with that timestamp or a later one. */
export type SeekTarget = number | "beginning" | "end" | Date | { readonly timestamp: number };

/** How a consumer goes. */
export interface CloseOptions {
  /** For revoking, committing and leaving. Default: 30 s. */
  readonly timeoutMs?: number;
  /** "default": static members stay in the group until their session ends (KIP-1092). */
  readonly membership?: "default" | "leave" | "remain";
}

const closeTimeoutMs = 30_000;

/**
 * Made by `kafka.consumer()`. It connects, and joins its group, when records are first asked for.
 * `for await (const record of consumer)` reads one record after the other.
 */
export class Consumer<K = Uint8Array, V = Uint8Array, Topics = unknown>
  implements AsyncIterable<RecordRead<K, V, Topics>>, AsyncDisposable
{
  readonly #cluster: Cluster;
  readonly #config: ConsumerConfig;
  readonly #assignments: Assignments;
  /** More than one while a second one is being refused. */
  #runCount = 0;
  #closing: Promise<void> | undefined;

  /**
   * Made by `kafka.consumer()`.
   * @param cluster is closed with the consumer.
   * @throws {ClientConfigError} when keys contradict each other.
   */
  constructor(cluster: Cluster, config: ConsumerConfig) {
    const { groupId, heartbeatIntervalMs, sessionTimeoutMs } = config;
    if (groupId !== undefined && heartbeatIntervalMs >= sessionTimeoutMs) {
      throw new ClientConfigError(
        `heartbeat.interval.ms (${heartbeatIntervalMs}) must be lower than session.timeout.ms (${sessionTimeoutMs})`,
        "a third of it is usual: a session then outlives two lost heartbeats",
      );
    }
    this.#cluster = cluster;
    this.#config = config;
    this.#assignments = new Assignments(cluster, config);
  }

  /**
   * Replaces what was subscribed to before. Needs a group.id.
   * @throws {ClientConfigError} without a group.id, or for a pattern that is none.
   * @throws {InvalidStateError} when partitions are assigned.
   */
  async subscribe(topics: SubscriptionInput<TopicName<Topics>>): Promise<void> {
    this.#open().subscribe(topics);
  }

  /** What it has is revoked, and it leaves its group. Handlers of a run are awaited: they cannot call it. */
  async unsubscribe(): Promise<void> {
    await this.#open().unsubscribe();
  }

  /**
   * Reads these partitions and no others, without a group's leave. Offsets are kept for partitions that it has already.
   * @throws {InvalidStateError} when topics are subscribed to.
   */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#open().assign(partitions);
  }

  /** The partitions that it has now. */
  assignment(): TopicPartition[] {
    return [...this.#assignments.partitions.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /**
   * One record after the other. A record counts as processed when the next is asked for; what is processed is committed
   * every auto.commit.interval.ms, before partitions are revoked, and on close. Leaving the loop does none of it, and
   * does not count the record as processed: the next loop goes on behind it, `commit()` commits it.
   * @throws {KafkaError} what keeps it from reading, from `next()`; after one that is not fatal a new loop goes on.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<RecordRead<K, V, Topics>> {
    return this.records();
  }

  /** The loop over the consumer itself, with a signal that ends it. */
  records(options: LoopOptions = {}): AsyncIterableIterator<RecordRead<K, V, Topics>> {
    const { handout } = this.#open();
    return new Loop(handout, oneRecord<RecordRead<K, V, Topics>>(handout), options);
  }

  /** As the loop over records, with all records of a batch processed when the next is asked for. */
  batches(options: LoopOptions = {}): AsyncIterableIterator<BatchRead<K, V, Topics>> {
    const { handout } = this.#open();
    return new Loop(handout, oneBatch<BatchRead<K, V, Topics>>(handout, this.#config.maxPollRecords), options);
  }

  /**
   * Calls a handler for each record or batch; a partition's in their order, `concurrency` partitions at once. What a
   * handler has returned from is processed. Resolves when the consumer is closed, or the signal is aborted.
   * @throws {ClientConfigError} for a concurrency that is no number from 1 on, or without a handler.
   * @throws what a handler throws; its record is handed out again by the next run.
   */
  async run(options: RunOptions<K, V, Topics>): Promise<void> {
    const { handout } = this.#open();
    this.#runCount++;
    await run(handout, options, this.#config.maxPollRecords).finally(() => {
      this.#runCount--;
    });
  }

  /**
   * Commits what is named: records (the offset behind each) or offsets; by default all that was handed out, in a run
   * all that is processed.
   * @throws {CommitFailedError} the partition is somebody else's by now.
   * @throws {BrokerError} what the coordinator says; what passes by itself is tried again until default.api.timeout.ms.
   */
  async commit(what?: CommitInput, options: CallOptions = {}): Promise<void> {
    await this.#open().commit(this.#offsets(what), options);
  }

  /** Commits without waiting for it. @param onDone is told of the outcome; without it failures go to the logger. */
  commitAsync(what?: CommitInput, onDone?: (error: KafkaError | undefined) => void): void {
    const failed = (error: KafkaError) => this.#cluster.logger.warn({ err: error }, "a commit failed");
    this.#open()
      .commit(this.#offsets(what), {})
      .then(
        () => onDone?.(undefined),
        (error) => (onDone ?? failed)(error),
      );
  }

  /** What the group has committed; partitions without a committed offset are left out. */
  async committed(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<CommittedOffset[]> {
    this.#open();
    const { groupId } = this.#config;
    if (groupId === undefined) throw noGroup("committed offsets");
    return listGroupOffsets(this.#cluster, groupId, { ...options, partitions, requireStable: true });
  }

  /**
   * Goes on from there; what was fetched before is dropped. Resolves when the offset is known.
   * @throws {InvalidStateError} for a partition that it does not have.
   */
  async seek(partition: TopicPartition, to: SeekTarget, options: CallOptions = {}): Promise<void> {
    const reads = this.#partition(partition);
    if (typeof to === "number") reads.seek(to);
    else reads.lookFor(to instanceof Date ? { timestamp: to.getTime() } : (to satisfies Whence));
    this.#assignments.kick();
    await this.#located(reads, options);
  }

  /** The offset of the record that is handed out next. */
  async position(partition: TopicPartition, options: CallOptions = {}): Promise<number> {
    const reads = this.#partition(partition);
    await this.#located(reads, options);
    return reads.position;
  }

  /**
   * Offsets between position and high watermark, as of the last fetch; undefined before it. With read_committed up to
   * where the first open transaction begins.
   */
  lag(partition: TopicPartition): number | undefined {
    return this.#partition(partition).lag;
  }

  /** As of now; docs/observability.md tells each. */
  metrics(): Metric[] {
    const { clientId, groupId } = this.#config;
    const common = commonAttributes(clientId, groupId);
    const { metrics, partitions } = this.#assignments;
    const lags = [...partitions.values()].map(({ topic, partition, lag }) => ({ topic, partition, lag }));
    const client = this.#cluster.metrics;
    return [...client.snapshot("consumer", common), ...metrics.snapshot(client, common, lags)];
  }

  /** None of their records are handed out until they are resumed; heartbeats go on. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#partition(each).isPaused = true;
  }

  /** Their records are handed out again. */
  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#partition(each).isPaused = false;
    this.#assignments.kick();
  }

  /** Those of its partitions that are paused. */
  paused(): TopicPartition[] {
    return this.assignment().filter((each) => this.#partition(each).isPaused);
  }

  /** Has the group rebalance (KIP-568). @param reason is told to the coordinator. */
  enforceRebalance(reason = "the application asks for it"): void {
    this.#open().member?.enforceRebalance(reason);
  }

  /** The membership as of now, or the last one; memberId is "" and generationId -1 while there was none. */
  groupMetadata() {
    const { groupId = null, groupInstanceId = null } = this.#config;
    const { memberId, generationId } = this.#assignments.member?.lastIdentity ?? { memberId: "", generationId: -1 };
    return { groupId, groupInstanceId, memberId, generationId };
  }

  /**
   * Ends loops and runs; handlers that are at work are awaited. What is processed is committed if auto commit is on,
   * partitions are revoked, and the consumer leaves its group, all until `timeoutMs`.
   * @throws {RequestTimeoutError} handlers did not return in time; the consumer is closed all the same.
   * @throws what a callback of the application threw meanwhile.
   */
  close({ timeoutMs = closeTimeoutMs, membership = "default" }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#assignments.close(membership, timeoutMs).finally(() => this.#cluster.close());
    return this.#closing;
  }

  /** For `await using`: closes it with its defaults. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * For `exactlyOnce`.
   * @internal
   * @throws {ClientConfigError} unless offsets are committed with what it reads, and by nobody else.
   */
  static pollsOf(consumer: AnyConsumer, signal: AbortSignal | undefined) {
    const { groupId, enableAutoCommit, maxPollRecords } = consumer.#config;
    if (groupId === undefined) throw noGroup("exactlyOnce");
    if (enableAutoCommit) {
      throw new ClientConfigError(
        "exactlyOnce: enable.auto.commit must be false",
        "its transactions commit the offsets; a commit beside them could take one back",
      );
    }
    const { handout } = consumer.#open();
    return { polls: new Polls(handout, groupId, maxPollRecords, signal), logger: consumer.#cluster.logger };
  }

  #open(): Assignments {
    if (this.#closing !== undefined) throw new ClosedError("the consumer was closed");
    return this.#assignments;
  }

  #partition({ topic, partition }: TopicPartition): ReadPartition {
    const found = this.#open().partitions.get(partitionKey(topic, partition));
    if (found === undefined) throw new InvalidStateError(`${listed([{ topic, partition }])} is not assigned`);
    return found;
  }

  async #located(partition: ReadPartition, { timeoutMs, signal }: CallOptions): Promise<void> {
    const call = callWithin(timeoutMs ?? this.#config.defaultApiTimeoutMs, signal);
    const timedOut = () => new RequestTimeoutError(`the offset of ${listed([partition])} is not known in time`);
    await within(partition.located(), call, timedOut);
    const { error } = partition;
    if (error === undefined) return;
    partition.error = undefined;
    throw error;
  }

  #offsets(what: CommitInput | undefined): OffsetToCommit[] {
    if (what === undefined) return this.#assignments.offsets(this.#runCount > 0 ? "processed" : "position");
    return offsetsIn(what);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever it reads
type AnyConsumer = Consumer<any, any, any>;

export function noGroup(what: string): ClientConfigError {
  return new ClientConfigError(`${what}: the consumer is in no group`, "set group.id");
}
