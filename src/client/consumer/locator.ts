/** Finds out where partitions are to be read from: the group's committed offset, else auto.offset.reset (rule 51). */
import { ErrorCode } from "../../protocol/errors.ts";
import { type ListedOffset, listGroupOffsets, listOffsets, type OffsetSpec } from "../admin/offsets.ts";
import type { Cluster } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { KafkaError } from "../errors.ts";
import { partitionKey } from "../topic-partition.ts";
import { NoOffsetForPartitionError, OffsetOutOfRangeError } from "./errors.ts";
import type { ReadPartition, Whence } from "./read-partition.ts";

export interface LocatorHooks {
  /** Positions are known, or errors that the application is to be told. */
  located(): void;
  failed(error: Error): void;
}

export class Locator {
  readonly #cluster: Cluster;
  readonly #config: ConsumerConfig;
  readonly #partitions: ReadonlyMap<string, ReadPartition>;
  readonly #hooks: LocatorHooks;
  readonly #closing = new AbortController();

  constructor(
    cluster: Cluster,
    config: ConsumerConfig,
    partitions: ReadonlyMap<string, ReadPartition>,
    hooks: LocatorHooks,
  ) {
    this.#cluster = cluster;
    this.#config = config;
    this.#partitions = partitions;
    this.#hooks = hooks;
  }

  /** Positions may have to be found. */
  kick(): void {
    if (this.#closing.signal.aborted) return;
    const pending = [...this.#partitions.values()].filter(({ isLocatable }) => isLocatable);
    const committed = pending.filter(({ whence }) => whence === "committed");
    if (committed.length > 0) void this.#ask(committed, () => this.#locateCommitted(committed));
    // A partition without a leader must not hold up those of others.
    const rest = pending.filter(({ whence }) => whence !== "committed");
    const byLeader = Map.groupBy(rest, ({ topic, partition }) => this.#cluster.leaderOf(topic, partition));
    for (const those of byLeader.values()) void this.#ask(those, () => this.#locateByList(those));
  }

  close(): void {
    this.#closing.abort();
  }

  /** What the calls themselves try again is; what then still fails is told to the application, and tried anew. */
  async #ask(partitions: readonly ReadPartition[], ask: () => Promise<void>): Promise<void> {
    const versions = partitions.map(({ version }) => version);
    for (const partition of partitions) partition.isLocating = true;
    let failed: KafkaError | undefined;
    try {
      await ask();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (!(error instanceof KafkaError)) return this.#hooks.failed(error as Error);
      // A transaction is about to commit offsets, which may take as long as it is open (KIP-447): waited for.
      if (error.errorCode !== ErrorCode.UNSTABLE_OFFSET_COMMIT) failed = error;
    }
    partitions.forEach((partition, index) => {
      if (partition.version !== versions[index]) return;
      partition.isLocating = false;
      if (partition.whence !== undefined && failed !== undefined) partition.fail(failed);
    });
    this.#hooks.located();
    this.kick();
  }

  async #locateCommitted(partitions: readonly ReadPartition[]): Promise<void> {
    const versions = partitions.map(({ version }) => version);
    const { groupId } = this.#config;
    const options = { partitions, requireStable: true, signal: this.#closing.signal };
    const offsets = groupId === undefined ? [] : await listGroupOffsets(this.#cluster, groupId, options);
    const found = new Map(offsets.map((each) => [partitionKey(each.topic, each.partition), each]));
    const { autoOffsetReset } = this.#config;
    const without: ReadPartition[] = [];
    partitions.forEach((partition, index) => {
      if (partition.version !== versions[index]) return;
      const committed = found.get(partition.key);
      if (committed !== undefined) {
        partition.seek(committed.offset, committed.leaderEpoch);
        partition.committed = committed.offset;
      } else if (autoOffsetReset === "none") {
        without.push(partition);
      } else {
        partition.lookFor("reset");
      }
    });
    const error = new NoOffsetForPartitionError(without);
    for (const partition of without) partition.fail(error);
  }

  async #locateByList(partitions: readonly ReadPartition[]): Promise<void> {
    const asked = partitions.flatMap((partition) => {
      const at = this.#specOf(partition.whence!);
      if (at !== undefined) return [{ partition, at, was: partition.version }];
      partition.fail(new OffsetOutOfRangeError(partition, partition.fetchOffset));
      return [];
    });
    if (asked.length === 0) return;
    const found = await this.#list(asked);
    const beyond = asked.filter(({ at }, index) => typeof at === "number" && found[index]!.offset < 0);
    // No record is so young: reading begins with the next one that comes.
    const ends = await this.#list(beyond.map(({ partition }) => ({ partition, at: "latest" as const })));
    asked.forEach((each, index) => {
      const { partition, was } = each;
      const end = ends[beyond.indexOf(each)];
      const { offset, leaderEpoch } = end ?? found[index]!;
      if (partition.version !== was || partition.isStopped) return;
      partition.seek(offset, leaderEpoch);
    });
  }

  async #list(queries: readonly { partition: ReadPartition; at: OffsetSpec }[]): Promise<ListedOffset[]> {
    if (queries.length === 0) return [];
    const named = queries.map(({ partition: { topic, partition }, at }) => ({ topic, partition, at }));
    const { isolationLevel } = this.#config;
    return listOffsets(this.#cluster, named, { isolationLevel, signal: this.#closing.signal });
  }

  /** Undefined: auto.offset.reset is none. */
  #specOf(whence: Exclude<Whence, "committed"> | Whence): OffsetSpec | undefined {
    if (whence === "beginning") return "earliest";
    if (whence === "end") return "latest";
    if (typeof whence === "object") return whence.timestamp;
    const { autoOffsetReset: reset } = this.#config;
    if (reset === "none") return undefined;
    return typeof reset === "object" ? Math.max(0, Date.now() - reset.byDurationMs) : reset;
  }
}
