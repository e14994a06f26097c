/**
 * Has a partition been truncated below its position, after an unclean election? With each new leader epoch the leader
 * is asked where the epoch of what was fetched last ended (rule 52, KIP-320).
 */
import { OffsetForLeaderEpoch } from "../../protocol/apis/offset-for-leader-epoch.ts";
import { ErrorCode, isRetriable } from "../../protocol/errors.ts";
import type { Cluster } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { brokerError, KafkaError } from "../errors.ts";
import { partitionKey } from "../topic-partition.ts";
import { delay } from "../wait.ts";
import { LogTruncationError } from "./errors.ts";
import type { ReadPartition } from "./read-partition.ts";

const consumerReplicaId = -1;

type Connection = Pick<Cluster, "known" | "leaderOf" | "refreshSoon" | "send">;

export interface ValidatorHooks {
  /** Partitions may be fetched, or errors be told. */
  validated(): void;
  failed(error: Error): void;
}

export class Validator {
  readonly #cluster: Connection;
  readonly #config: Pick<ConsumerConfig, "autoOffsetReset" | "retryBackoffMs">;
  readonly #partitions: ReadonlyMap<string, ReadPartition>;
  readonly #hooks: ValidatorHooks;
  readonly #closing = new AbortController();

  constructor(
    cluster: Connection,
    config: Pick<ConsumerConfig, "autoOffsetReset" | "retryBackoffMs">,
    partitions: ReadonlyMap<string, ReadPartition>,
    hooks: ValidatorHooks,
  ) {
    this.#cluster = cluster;
    this.#config = config;
    this.#partitions = partitions;
    this.#hooks = hooks;
  }

  /** Leaders may have changed, or positions were found. Those in doubt are not fetched until they are checked. */
  kick(): void {
    if (this.#closing.signal.aborted) return;
    const doubted = [...this.#partitions.values()].filter((partition) => this.#isDoubted(partition));
    const byLeader = Map.groupBy(doubted, ({ topic, partition }) => this.#cluster.leaderOf(topic, partition));
    for (const [leaderId, those] of byLeader) if (leaderId !== undefined) void this.#ask(leaderId, those);
  }

  close(): void {
    this.#closing.abort();
  }

  #isDoubted(partition: ReadPartition): boolean {
    if (partition.whence !== undefined || partition.isStopped || partition.isValidating) return false;
    const epoch = this.#epochOf(partition);
    return partition.fetchedEpoch >= 0 && epoch > Math.max(partition.fetchedEpoch, partition.validatedEpoch);
  }

  #epochOf({ topic, partition }: ReadPartition): number {
    return this.#cluster.known.topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1;
  }

  async #ask(leaderId: number, partitions: readonly ReadPartition[]): Promise<void> {
    const asked = partitions.map((partition) => {
      partition.isValidating = true;
      const { version: was, fetchOffset } = partition;
      return { partition, was, fetchOffset, currentLeaderEpoch: this.#epochOf(partition) };
    });
    try {
      const topics = [...Map.groupBy(asked, ({ partition }) => partition.topic)].map(([topic, those]) => ({
        topic,
        partitions: those.map(({ partition: { partition, fetchedEpoch: leaderEpoch }, currentLeaderEpoch }) => {
          return { partition, currentLeaderEpoch, leaderEpoch };
        }),
      }));
      const request = { replicaId: consumerReplicaId, topics };
      const answer = await this.#cluster.send(leaderId, OffsetForLeaderEpoch, request, {
        signal: this.#closing.signal,
      });
      const told = new Map(
        answer.topics.flatMap(({ topic, partitions: those }) =>
          those.map((each) => [partitionKey(topic, each.partition), each] as const),
        ),
      );
      let isEarly = false;
      for (const each of asked) {
        const end = told.get(each.partition.key);
        // What a fetch brought meanwhile, sent before there was a doubt, was not asked about: it is asked again.
        const isAsAsked = each.partition.version === each.was && each.partition.fetchOffset === each.fetchOffset;
        if (end !== undefined && isAsAsked) isEarly = !this.#take(each, end) || isEarly;
      }
      if (isEarly) await this.#later();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (!(error instanceof KafkaError) || !error.retriable) return this.#hooks.failed(error as Error);
      await this.#later();
    }
    for (const { partition, was } of asked) if (partition.version === was) partition.isValidating = false;
    this.kick();
    this.#hooks.validated();
  }

  /** @returns false: to be asked again. */
  #take(
    { partition, currentLeaderEpoch }: { readonly partition: ReadPartition; readonly currentLeaderEpoch: number },
    end: { readonly errorCode: number; readonly leaderEpoch: number; readonly endOffset: number },
  ): boolean {
    if (isRetriable(end.errorCode)) return false;
    if (end.errorCode !== ErrorCode.NONE) {
      partition.fail(brokerError(end.errorCode, `end of epoch ${partition.fetchedEpoch} of ${partition.key}`));
      return true;
    }
    partition.validatedEpoch = currentLeaderEpoch;
    const isKnown = end.endOffset >= 0 && end.leaderEpoch >= 0;
    if (isKnown && end.endOffset >= partition.fetchOffset) return true;
    if (this.#config.autoOffsetReset === "none") {
      partition.fail(new LogTruncationError(partition, partition.position, isKnown ? end.endOffset : undefined));
    } else if (!isKnown) {
      partition.lookFor("reset");
    } else {
      partition.seek(Math.min(partition.position, end.endOffset));
    }
    return true;
  }

  async #later(): Promise<void> {
    this.#cluster.refreshSoon();
    await delay(this.#config.retryBackoffMs, this.#closing.signal).catch(() => {});
  }
}
