/** What an application does with its partitions: it looks where to go on, works, and commits what it has done. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { MemberCalls } from "./member-calls.ts";

type TopicPartition = Partitions[number];

interface Progress extends TopicPartition {
  /** Undefined while the committed offset is asked for. */
  offset: number | undefined;
  committed: number;
  isStopped: boolean;
}

const askAgainMs = 500;
const commitTimeoutMs = 5000;
const mostRecordsAtOnce = 20;

export class Application {
  readonly #member: ConsumerNode;
  readonly #calls: MemberCalls;
  readonly #progress = new Map<string, Progress>();

  constructor(member: ConsumerNode, calls: MemberCalls) {
    this.#member = member;
    this.#calls = calls;
  }

  start(): void {
    this.#member.process.after(this.#member.plan.commitIntervalMs, () => {
      this.#work();
      this.#commit([...this.#progress.values()], () => {});
      this.start();
    });
  }

  take(partitions: Partitions): void {
    for (const { topic, partition } of partitions) {
      const progress = { topic, partition, offset: undefined, committed: -1, isStopped: false };
      this.#progress.set(keyOf(progress), progress);
    }
    this.#locate();
  }

  /** Nothing more of them is read. */
  stop(partitions: Partitions): void {
    for (const each of partitions) {
      const progress = this.#progress.get(keyOf(each));
      if (progress !== undefined) progress.isStopped = true;
    }
  }

  /** The commit before partitions are given up (rule 47); one attempt, as good as it gets. */
  commitLast(partitions: Partitions, done: () => void): void {
    const those = partitions.flatMap((each) => this.#progress.get(keyOf(each)) ?? []);
    for (const each of partitions) this.#progress.delete(keyOf(each));
    this.#commit(those, done);
  }

  #work(): void {
    for (const progress of this.#progress.values()) {
      if (progress.offset !== undefined && !progress.isStopped) {
        progress.offset += this.#member.random.int(0, mostRecordsAtOnce);
      }
    }
  }

  #locate(): void {
    const unknown = [...this.#progress.values()].filter(({ offset, isStopped }) => offset === undefined && !isStopped);
    if (unknown.length === 0) return;
    const topics = byTopic(unknown).map(([name, of]) => ({
      name,
      partitionIndexes: of.map(({ partition }) => partition),
    }));
    const { groupId } = this.#member.plan;
    const version = this.#calls.versionOf("OffsetFetch");
    const group = { groupId, topics };
    const body = version >= 8 ? { groups: [group], requireStable: true } : group;
    this.#calls.askCoordinator("OffsetFetch", body, this.#member.plan.requestTimeoutMs, (response) => {
      const answered = response?.groups?.[0] ?? response;
      if (answered === undefined || answered.errorCode !== ErrorCode.NONE) {
        return void this.#member.process.after(askAgainMs, () => this.#locate());
      }
      for (const { name, partitions } of answered.topics) {
        for (const { partitionIndex, committedOffset } of partitions) {
          const progress = this.#progress.get(keyOf({ topic: name, partition: partitionIndex }));
          if (progress === undefined || progress.offset !== undefined) continue;
          progress.committed = committedOffset;
          progress.offset = Math.max(0, committedOffset);
        }
      }
    });
  }

  #commit(those: readonly Progress[], done: () => void): void {
    const member = this.#member;
    const { generationId, memberId, groupInstanceId } = member.identity;
    const due = those.filter(({ offset, committed }) => offset !== undefined && offset !== committed && offset > 0);
    if (due.length === 0 || generationId < 0) return done();
    const sent = due.map((progress) => ({ progress, offset: progress.offset! }));
    const topics = byTopic(due).map(([name, of]) => ({
      name,
      partitions: of.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: `${member.name}#${member.cluster.nextCommit()}`,
      })),
    }));
    const { groupId } = member.plan;
    const body = { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics };
    this.#calls.askCoordinator("OffsetCommit", body, commitTimeoutMs, (response) => {
      const errorCode = response === undefined ? undefined : firstError(response);
      if (errorCode === ErrorCode.NONE) for (const { progress, offset } of sent) progress.committed = offset;
      else if (errorCode !== undefined) member.step({ type: "commitFailed", errorCode, generationId, memberId });
      done();
    });
  }
}

function byTopic<T extends TopicPartition>(partitions: readonly T[]): [string, T[]][] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)];
}

function firstError(response: {
  readonly topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
}): number {
  const codes = response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  return codes.find((code) => code !== ErrorCode.NONE) ?? ErrorCode.NONE;
}
