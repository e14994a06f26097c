/** The partitions that a consumer has, how they come and go, and everything that works on them. */
import type { CallOptions, Cluster } from "../cluster.ts";
import type { ConsumerConfig, RebalanceListener } from "../consumer-keys.ts";
import { ClientConfigError, RequestTimeoutError } from "../errors.ts";
import type { MemberFact } from "../member/member-fact.ts";
import { keyOf } from "../member/partitions.ts";
import { ConsumerMetrics } from "../metrics/consumer-metrics.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { type Call, callWithin, remainingMs, within } from "../wait.ts";
import { Committer, type OffsetToCommit } from "./committer.ts";
import { Fetcher } from "./fetcher.ts";
import { GroupMember } from "./group-member.ts";
import { Handout } from "./handout.ts";
import { Locator } from "./locator.ts";
import { ReadPartition } from "./read-partition.ts";
import { Subscription, type SubscriptionInput } from "./subscription.ts";
import { Validator } from "./validator.ts";

export class Assignments {
  readonly partitions = new Map<string, ReadPartition>();
  readonly handout: Handout;
  readonly metrics = new ConsumerMetrics();
  readonly #cluster: Cluster;
  readonly #config: ConsumerConfig;
  readonly #subscription: Subscription;
  readonly #fetcher: Fetcher;
  readonly #locator: Locator;
  readonly #validator: Validator;
  #member: GroupMember | undefined;
  #committer: Committer | undefined;
  #autoCommit: NodeJS.Timeout | undefined;
  /** What callbacks threw while it closes: no loop can be told any more. */
  #closeErrors: unknown[] | undefined;

  constructor(cluster: Cluster, config: ConsumerConfig) {
    this.#cluster = cluster;
    this.#config = config;
    this.#subscription = new Subscription(cluster, config);
    const busyEveryMs = Math.min(1000, config.maxPollIntervalMs / 10);
    this.handout = new Handout(this.partitions, busyEveryMs, {
      drained: () => this.#fetcher.kick(),
      told: () => this.kick(),
      polled: () => this.#member?.polled(),
      busy: () => this.#member?.busy(),
      countsOf: (topic) => this.metrics.topic(topic),
    });
    const failed = (error: Error) => this.handout.fail(error);
    const found = () => {
      this.#validator.kick();
      this.#fetcher.kick();
      this.handout.wake();
    };
    this.#locator = new Locator(cluster, config, this.partitions, { located: found, failed });
    const validated = () => this.kick();
    this.#validator = new Validator(cluster, config, this.partitions, { validated, failed });
    this.#fetcher = new Fetcher(cluster, config, this.partitions, {
      ready: () => this.handout.wake(),
      fetched: (topic, bytes) => {
        this.metrics.topic(topic).bytes += bytes;
      },
      locate: () => this.#locator.kick(),
      failed,
    });
    cluster.onMetadata((metadata) => {
      this.#member?.metadataChanged(metadata);
      this.#member?.subscribe(this.#subscription.topics(metadata));
      for (const error of this.#subscription.refusals(metadata)) this.handout.tell(error);
      this.#validator.kick();
      this.#fetcher.kick();
    });
  }

  get member(): GroupMember | undefined {
    return this.#member;
  }

  subscribe(input: SubscriptionInput): void {
    const { groupId } = this.#config;
    if (groupId === undefined) {
      throw new ClientConfigError("subscribe: the consumer is in no group", "set group.id, or assign partitions");
    }
    this.#subscription.subscribe(input);
    this.#member ??= new GroupMember(this.#cluster, { ...this.#config, groupId }, this.#hooks());
    const { known } = this.#cluster;
    this.#member.metadataChanged(known);
    this.#member.subscribe(this.#subscription.topics(known));
    this.#startAutoCommit();
    this.handout.wake();
  }

  async unsubscribe(): Promise<void> {
    this.#subscription.clear();
    if (this.#member === undefined) return this.assign([]).then(() => this.#subscription.clear());
    this.handout.abandon();
    await this.#member.unsubscribe();
  }

  async assign(wanted: readonly TopicPartition[]): Promise<void> {
    this.#subscription.assign(wanted);
    const keys = new Set(wanted.map(keyOf));
    const gone = [...this.partitions.values()].filter(({ key }) => !keys.has(key));
    for (const partition of gone) partition.stop();
    await this.#commitProcessed(gone);
    for (const { key } of gone) this.partitions.delete(key);
    for (const each of wanted) {
      if (!this.partitions.has(keyOf(each))) this.#add(new ReadPartition(each, "committed"));
    }
    this.#startAutoCommit();
    this.kick();
  }

  /** Offsets may have to be found, records to be fetched or handed out. */
  kick(): void {
    this.#locator.kick();
    this.#fetcher.kick();
    this.handout.wake();
  }

  /** @throws {CommitFailedError | BrokerError} */
  async commit(offsets: readonly OffsetToCommit[], options: CallOptions): Promise<void> {
    const { groupId } = this.#config;
    if (groupId === undefined) throw new ClientConfigError("commit: the consumer is in no group", "set group.id");
    const memberNow = () => this.#member;
    this.#committer ??= new Committer(this.#cluster, groupId, memberNow, (key) => this.partitions.has(key));
    await this.#committer.commit(offsets, options);
    for (const offset of offsets) {
      const partition = this.partitions.get(keyOf(offset));
      partition?.wasCommitted(offset.offset);
    }
  }

  /** Of partitions whose offset is known and not committed yet. */
  offsets(upTo: "position" | "processed", of: Iterable<ReadPartition> = this.partitions.values()): OffsetToCommit[] {
    return [...of].flatMap((partition) => {
      const offset = partition[upTo];
      if (offset < 0 || partition.whence !== undefined || offset === partition.committed) return [];
      return [{ topic: partition.topic, partition: partition.partition, offset, leaderEpoch: partition.leaderEpoch }];
    });
  }

  /**
   * @throws {RequestTimeoutError} when handlers do not return in time: what they do is not committed.
   * @throws what callbacks of the application threw meanwhile.
   */
  async close(membership: "default" | "leave" | "remain", timeoutMs: number): Promise<void> {
    clearInterval(this.#autoCommit);
    const call = callWithin(timeoutMs);
    this.#closeErrors = [];
    this.handout.close();
    if (this.#member !== undefined) await this.#member.close(membership, timeoutMs);
    else await this.#finish(call);
    this.#locator.close();
    this.#validator.close();
    await this.#fetcher.close();
    const partitions = [...this.partitions.values()];
    const isAtWork = partitions.some((partition) => partition.isAtWork);
    for (const partition of partitions) {
      partition.stop();
      partition.work?.abort();
    }
    if (isAtWork) throw new RequestTimeoutError(`close: handlers did not return within ${timeoutMs} ms`);
    if (this.#closeErrors.length > 0) throw this.#closeErrors[0];
  }

  #hooks() {
    const { onPartitionsAssigned, onPartitionsRevoked, onPartitionsLost } = this.#config;
    return {
      stop: (partitions: readonly TopicPartition[], isLost: boolean) => this.#stop(partitions, isLost),
      revoke: async (partitions: readonly TopicPartition[]) => {
        this.#stop(partitions, false);
        const those = this.#those(partitions);
        await this.handout.idle(those);
        await this.#commitProcessed(those);
        await this.#takeAway(partitions, onPartitionsRevoked);
      },
      /** As Java: a listener that knows nothing of losing is told that they are revoked. */
      lose: (partitions: readonly TopicPartition[]) => {
        this.#stop(partitions, true);
        return this.#takeAway(partitions, onPartitionsLost ?? onPartitionsRevoked);
      },
      assign: async (partitions: readonly TopicPartition[]) => {
        const those = partitions.map((each) => new ReadPartition(each, "committed"));
        for (const partition of those) {
          partition.isHeld = true;
          this.#add(partition);
        }
        try {
          await onPartitionsAssigned?.(partitions);
        } finally {
          for (const partition of those) partition.isHeld = false;
          this.kick();
        }
      },
      watch: (topics: readonly string[]) => this.#subscription.watchAlso(topics),
      happened: (fact: MemberFact) => {
        this.metrics.happened(fact);
        if (fact.type === "MembershipEnded") this.#abortRevocations();
      },
      callbackFailed: (error: unknown) => {
        if (this.#closeErrors === undefined) this.handout.tell(error);
        else this.#closeErrors.push(error);
      },
      failed: (error: Error) => this.handout.fail(error),
    };
  }

  /** At once, and once more when it is their turn: they may have been assigned only a moment before. */
  #stop(partitions: readonly TopicPartition[], isLost: boolean): void {
    for (const partition of this.#those(partitions)) {
      partition.stop();
      if (isLost) partition.work?.abort();
    }
    this.handout.wake();
  }

  /** What waits for its handlers to be revoked may be somebody else's by now. */
  #abortRevocations(): void {
    for (const { isStopped, work } of this.partitions.values()) if (isStopped) work?.abort();
  }

  /** What is at work is finished, and committed if auto commit is on; without a group to leave, that is all. */
  async #finish(call: Call): Promise<void> {
    const partitions = [...this.partitions.values()];
    const idle = this.handout.idle(partitions);
    const isIdle = await within(idle, call, () => new RequestTimeoutError("idle")).then(
      () => true,
      () => false,
    );
    if (isIdle) await this.#commitProcessed(partitions, remainingMs(call));
  }

  /** They are this consumer's until the callback is done. */
  async #takeAway(partitions: readonly TopicPartition[], listener: RebalanceListener | undefined): Promise<void> {
    try {
      await listener?.(partitions);
    } finally {
      for (const each of partitions) this.partitions.delete(keyOf(each));
    }
  }

  #those(partitions: readonly TopicPartition[]): ReadPartition[] {
    return partitions.flatMap((each) => this.partitions.get(keyOf(each)) ?? []);
  }

  #add(partition: ReadPartition): void {
    this.partitions.set(partition.key, partition);
  }

  get #isAutoCommitting(): boolean {
    return this.#config.enableAutoCommit && this.#config.groupId !== undefined;
  }

  #startAutoCommit(): void {
    if (!this.#isAutoCommitting || this.#autoCommit !== undefined) return;
    const commit = () => void this.#commitProcessed([...this.partitions.values()]);
    this.#autoCommit = setInterval(commit, Math.max(1, this.#config.autoCommitIntervalMs));
  }

  /** If auto commit is on. What fails is read again by whoever has the partition next: it is only logged. */
  async #commitProcessed(partitions: readonly ReadPartition[], timeoutMs?: number): Promise<void> {
    if (!this.#isAutoCommitting) return;
    const offsets = this.offsets("processed", partitions);
    if (offsets.length === 0) return;
    try {
      await this.commit(offsets, { timeoutMs });
    } catch (error) {
      this.#cluster.logger.warn({ err: error, offsets }, "auto commit failed");
    }
  }
}
