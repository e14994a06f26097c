/** Commits offsets, one commit after the other, under the membership of the moment. */
import { OffsetCommit } from "../../protocol/apis/offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { byTopic } from "../admin/routing.ts";
import { backoffMs } from "../backoff.ts";
import type { CallOptions, Cluster } from "../cluster.ts";
import { brokerError, type KafkaError, NetworkError, RequestTimeoutError } from "../errors.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import { abortable, callWithin, delay, remainingMs } from "../wait.ts";
import { CommitFailedError } from "./errors.ts";
import type { GroupMember } from "./group-member.ts";

/** How far a partition is done: the offset of the next record to be read. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

/** Version 10 names topics by their ids. */
const versions = [2, 9] as const;
/** `passes`: by itself; the commit is to be tried again. */
interface Refusal {
  readonly error: KafkaError;
  readonly passes: boolean;
}

const noMember = { memberId: "", generationId: -1, groupInstanceId: null };

export class Committer {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #memberNow: () => GroupMember | undefined;
  readonly #isMine: (key: string) => boolean;
  #last: Promise<unknown> = Promise.resolve();

  /** @param memberNow its result is undefined as long as partitions are assigned by the application. */
  constructor(
    cluster: Cluster,
    groupId: string,
    memberNow: () => GroupMember | undefined,
    isMine: (key: string) => boolean,
  ) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#memberNow = memberNow;
    this.#isMine = isMine;
  }

  get #member(): GroupMember | undefined {
    return this.#memberNow();
  }

  /** An earlier commit that is tried again must not overtake a later one. */
  commit(offsets: readonly OffsetToCommit[], options: CallOptions): Promise<void> {
    const done = this.#last.then(() => this.#commit(offsets, options));
    this.#last = done.catch(() => {});
    return abortable(options.signal, (resolve, reject) => void done.then(resolve, reject));
  }

  async #commit(offsets: readonly OffsetToCommit[], { timeoutMs, signal }: CallOptions): Promise<void> {
    if (offsets.length === 0) return;
    const { defaultApiTimeoutMs, retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#cluster.config;
    const call = callWithin(timeoutMs ?? defaultApiTimeoutMs, signal);
    for (let failures = 0; ; failures++) {
      const gone = this.#member === undefined ? undefined : offsets.find((each) => !this.#isMine(keyOf(each)));
      if (gone !== undefined) {
        throw new CommitFailedError(this.#groupId, `${gone.topic}-${gone.partition} is not this consumer's any more`);
      }
      const refusal = await this.#try(offsets, { timeoutMs: remainingMs(call), signal });
      if (refusal === undefined) return;
      const pauseMs = backoffMs({ initialMs, maxMs }, failures);
      if (!refusal.passes || pauseMs >= remainingMs(call)) throw refusal.error;
      await delay(pauseMs, signal);
    }
  }

  async #try(offsets: readonly OffsetToCommit[], options: CallOptions): Promise<Refusal | undefined> {
    const { memberId, generationId, groupInstanceId } = this.#member?.identity ?? noMember;
    const request = {
      groupId: this.#groupId,
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId,
      topics: byTopic(offsets, ({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
    };
    try {
      const timeoutMs = Math.min(options.timeoutMs!, this.#cluster.config.requestTimeoutMs);
      const answer = await this.#cluster.send({ group: this.#groupId }, OffsetCommit, request, {
        timeoutMs,
        signal: options.signal,
        versions,
      });
      const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
      const errorCode = codes.find((code) => code !== ErrorCode.NONE);
      return errorCode === undefined ? undefined : this.#refused(errorCode, { memberId, generationId });
    } catch (error) {
      if (error instanceof NetworkError || error instanceof RequestTimeoutError) return { error, passes: true };
      throw error;
    }
  }

  #refused(errorCode: number, sentWith: { readonly memberId: string; readonly generationId: number }): Refusal {
    const error = brokerError(errorCode, `group ${this.#groupId}: commit`);
    if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      this.#cluster.coordinatorGone({ group: this.#groupId });
    }
    const isStale = errorCode === ErrorCode.ILLEGAL_GENERATION || errorCode === ErrorCode.UNKNOWN_MEMBER_ID;
    // While the member joins, the coordinator may be a generation ahead: what stays its own is committed in that one.
    if (isStale && this.#member?.isRejoining) return { error, passes: true };
    this.#member?.commitFailed({ errorCode, ...sentWith });
    if (isStale) return { error: new CommitFailedError(this.#groupId, error.code, error), passes: false };
    // Between join and sync (rule 36): the commit is done when the member has its assignment, unless it leaves before.
    const isBetween = errorCode === ErrorCode.REBALANCE_IN_PROGRESS && this.#member?.isLeaving !== true;
    return { error, passes: error.retriable || isBetween };
  }
}

const keyOf = ({ topic, partition }: TopicPartition) => partitionKey(topic, partition);
