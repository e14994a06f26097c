/** What a transactional producer asks of coordinators, as often as it takes (KIP-98, KIP-360, KIP-447, KIP-890). */
import { AddOffsetsToTxn } from "../../protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../../protocol/apis/add-partitions-to-txn.ts";
import { EndTxn } from "../../protocol/apis/end-txn.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { TxnOffsetCommit } from "../../protocol/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { byTopic } from "../admin/routing.ts";
import { backoffMs } from "../backoff.ts";
import type { Cluster, Coordinated } from "../cluster.ts";
import type { OffsetToCommit } from "../consumer/committer.ts";
import { brokerError, KafkaError } from "../errors.ts";
import type { Identity } from "../producer/producer-identity.ts";
import type { ProducerConfig } from "../producer-keys.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { callWithin, delay, remainingMs } from "../wait.ts";

/** The level of the feature transaction.version from which each transaction has an epoch of its own (KIP-890). */
const epochPerTransaction = 2;
/** While the coordinator still writes the markers of the transaction before, which takes milliseconds. */
export const concurrentBackoff = { initialMs: 5, maxMs: 100 };

/** The membership under which offsets are committed (KIP-447): `consumer.groupMetadata()` gives it. */
export interface GroupMetadata {
  readonly groupId: string;
  /** -1 and "" commit whoever is in the group. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export class TransactionCalls {
  readonly #cluster: Cluster;
  readonly #config: ProducerConfig;
  readonly #transactionalId: string;
  readonly #coordinator: Coordinated;
  #endsAsked = 0;

  constructor(cluster: Cluster, config: ProducerConfig, transactionalId: string) {
    this.#cluster = cluster;
    this.#config = config;
    this.#transactionalId = transactionalId;
    this.#coordinator = { transactionalId };
  }

  /** Does the cluster run transactions in the second version of their protocol? */
  async usesV2(): Promise<boolean> {
    const versions = await this.#retrying(() => this.#cluster.versions(this.#coordinator));
    return versions.finalizedLevel("transaction.version") >= epochPerTransaction;
  }

  /**
   * Fences older producers of the same transactional id and ends what they left open; `before`: raises this producer's
   * own epoch, and fails if another has taken over since (KIP-360).
   */
  initProducerId(before?: Identity): Promise<Identity> {
    const { transactionTimeoutMs } = this.#config;
    const request = { transactionalId: this.#transactionalId, transactionTimeoutMs, ...before };
    const versions = [before === undefined ? 0 : 3, 5] as const;
    return this.#ask(
      "InitProducerId",
      this.#coordinator,
      () => this.#cluster.send(this.#coordinator, InitProducerId, request, { versions }),
      ({ errorCode }) => [errorCode],
    );
  }

  /** In the first version of the protocol partitions are made known before anything is written to them. */
  async addPartitions(identity: Identity, partitions: readonly TopicPartition[]): Promise<void> {
    const request = {
      v3AndBelowTransactionalId: this.#transactionalId,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics: byTopic(partitions, ({ partition }) => partition),
    };
    await this.#ask(
      "AddPartitionsToTxn",
      this.#coordinator,
      () => this.#cluster.send(this.#coordinator, AddPartitionsToTxn, request, { versions: [0, 3] }),
      ({ resultsByTopicV3AndBelow: topics }) =>
        topics.flatMap(({ resultsByPartition }) => resultsByPartition.map((each) => each.partitionErrorCode)),
    );
  }

  /** Likewise a group, before its offsets are committed. */
  async addOffsets({ producerId, producerEpoch }: Identity, groupId: string): Promise<void> {
    const request = { transactionalId: this.#transactionalId, producerId, producerEpoch, groupId };
    await this.#ask(
      "AddOffsetsToTxn",
      this.#coordinator,
      () => this.#cluster.send(this.#coordinator, AddOffsetsToTxn, request),
      ({ errorCode }) => [errorCode],
    );
  }

  /** Asked of the group's coordinator: the offsets count when the transaction commits. */
  async commitOffsets(
    { producerId, producerEpoch }: Identity,
    { groupId, generationId, memberId, groupInstanceId }: GroupMetadata,
    offsets: readonly OffsetToCommit[],
    usesV2: boolean,
  ): Promise<void> {
    const group = { group: groupId };
    const member = { generationId, memberId, groupInstanceId };
    const isMember = generationId >= 0 || memberId !== "" || groupInstanceId !== null;
    const request = (version: number) => ({
      transactionalId: this.#transactionalId,
      groupId,
      producerId,
      producerEpoch,
      ...(version < 3 ? {} : member),
      topics: byTopic(offsets, ({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
    });
    // Up to version 2 nobody can be fenced by the membership.
    const versions = usesV2 ? ([5, 5] as const) : ([isMember ? 3 : 0, 4] as const);
    await this.#ask(
      "TxnOffsetCommit",
      group,
      () => this.#cluster.send(group, TxnOffsetCommit, request, { versions }),
      ({ topics }) => topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    );
  }

  /** The last end was asked for more than once: what is said in the end need not be what was done at first. */
  get wasEndRepeated(): boolean {
    return this.#endsAsked > 1;
  }

  /** @returns what the next transaction goes by: in the second version of the protocol a new epoch. */
  async end(identity: Identity, committed: boolean, usesV2: boolean): Promise<Identity> {
    this.#endsAsked = 0;
    const request = { transactionalId: this.#transactionalId, ...identity, committed };
    const versions = usesV2 ? ([5, 5] as const) : ([0, 4] as const);
    const { producerId, producerEpoch } = await this.#ask(
      "EndTxn",
      this.#coordinator,
      () => {
        this.#endsAsked++;
        return this.#cluster.send(this.#coordinator, EndTxn, request, { versions });
      },
      ({ errorCode }) => [errorCode],
    );
    return producerId >= 0 ? { producerId, producerEpoch } : identity;
  }

  /** @throws {KafkaError} for the first code that is an error, once it is one that does not pass. */
  #ask<A>(
    what: string,
    of: Coordinated,
    send: () => Promise<A>,
    codesOf: (answer: A) => readonly number[],
  ): Promise<A> {
    return this.#retrying(async () => {
      const answer = await send();
      const errors = codesOf(answer).filter((code) => code !== ErrorCode.NONE);
      // The others were left alone because of one.
      const errorCode = errors.find((code) => code !== ErrorCode.OPERATION_NOT_ATTEMPTED) ?? errors[0];
      if (errorCode === undefined) return answer;
      if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
        this.#cluster.coordinatorGone(of);
      }
      throw brokerError(errorCode, `transactional.id ${this.#transactionalId}: ${what}`);
    });
  }

  /** For at most max.block.ms, as long as what is thrown passes by itself. */
  async #retrying<T>(call: () => Promise<T>): Promise<T> {
    const { maxBlockMs, retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#config;
    const limits = callWithin(maxBlockMs);
    for (let failures = 0; ; failures++) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof KafkaError) || !error.retriable) throw error;
        const isConcurrent = error.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS;
        const pauseMs = backoffMs(isConcurrent ? concurrentBackoff : { initialMs, maxMs }, failures);
        if (pauseMs >= remainingMs(limits)) throw error;
        await delay(pauseMs);
      }
    }
  }
}
