/** What an application does with its partitions: it looks where to go on, works, and commits what it has done. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { MemberCalls } from "./member-calls.ts";
import { Position, Reading } from "./reading.ts";

const askAgainMs = 500;
const commitTimeoutMs = 5000;
/** Where nothing is fetched, it is as if so many records had come. */
const mostRecordsAtOnce = 20;
const maxPollRecords = 500;

export class Application {
  readonly #member: ConsumerNode;
  readonly #calls: MemberCalls;
  readonly #positions = new Map<string, Position>();
  readonly #reading: Reading;

  constructor(member: ConsumerNode, calls: MemberCalls) {
    this.#member = member;
    this.#calls = calls;
    this.#reading = new Reading(member, calls, () => [...this.#positions.values()]);
  }

  start(): void {
    if (this.#fetches) this.#reading.fetch();
    this.#goOn();
  }

  get #fetches(): boolean {
    return this.#member.cluster.plan.fetches;
  }

  #goOn(): void {
    this.#member.process.after(this.#member.plan.commitIntervalMs, () => {
      this.#work();
      this.#commit([...this.#positions.values()], () => {});
      this.#goOn();
    });
  }

  take(partitions: Partitions): void {
    for (const each of partitions) this.#positions.set(keyOf(each), new Position(each));
    this.#locate();
  }

  /** Nothing more of them is read. */
  stop(partitions: Partitions): void {
    for (const each of partitions) {
      const position = this.#positions.get(keyOf(each));
      if (position !== undefined) position.isStopped = true;
    }
  }

  /** The commit before partitions are given up (rule 47); one attempt, as good as it gets. */
  commitLast(partitions: Partitions, done: () => void): void {
    const those = partitions.flatMap((each) => this.#positions.get(keyOf(each)) ?? []);
    for (const each of partitions) this.#positions.delete(keyOf(each));
    this.#commit(those, done);
  }

  #work(): void {
    const { random, cluster, plan } = this.#member;
    for (const position of this.#positions.values()) {
      const { offset, isStopped, at } = position;
      if (offset === undefined || isStopped) continue;
      if (this.#fetches) {
        position.handle(random.int(0, maxPollRecords));
        cluster.consumption.handled(plan.groupId, at, offset, position.offset!);
      } else position.begin(offset + random.int(0, mostRecordsAtOnce));
    }
  }

  #locate(): void {
    const isUnknown = ({ offset, isStopped }: Position) => offset === undefined && !isStopped;
    const unknown = [...this.#positions.values()].filter(isUnknown);
    if (unknown.length === 0) return;
    const topics = byTopic(unknown).map(([name, of]) => ({
      name,
      partitionIndexes: of.map(({ at }) => at.partition),
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
          const position = this.#positions.get(keyOf({ topic: name, partition: partitionIndex }));
          if (position === undefined || position.offset !== undefined) continue;
          position.committed = committedOffset;
          position.begin(Math.max(0, committedOffset));
        }
      }
    });
  }

  #commit(those: readonly Position[], done: () => void): void {
    const member = this.#member;
    const { generationId, memberId, groupInstanceId } = member.identity;
    const due = those.filter(({ offset, committed }) => offset !== undefined && offset !== committed && offset > 0);
    if (due.length === 0 || generationId < 0) return done();
    const sent = due.map((position) => ({ position, offset: position.offset! }));
    const topics = byTopic(due).map(([name, of]) => ({
      name,
      partitions: of.map(({ at, offset }) => ({
        partitionIndex: at.partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: `${member.name}#${member.cluster.nextCommit()}`,
      })),
    }));
    const { groupId } = member.plan;
    const body = { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics };
    this.#calls.askCoordinator("OffsetCommit", body, commitTimeoutMs, (response) => {
      const errorCode = response === undefined ? undefined : firstError(response);
      if (errorCode === ErrorCode.NONE) for (const { position, offset } of sent) position.committed = offset;
      else if (errorCode !== undefined) member.step({ type: "commitFailed", errorCode, generationId, memberId });
      done();
    });
  }
}

function byTopic(positions: readonly Position[]): [string, Position[]][] {
  const topics = new Map<string, Position[]>();
  for (const position of positions) {
    const { topic } = position.at;
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, [position]);
    else known.push(position);
  }
  return [...topics];
}

function firstError(response: {
  readonly topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
}): number {
  for (const { partitions } of response.topics) {
    for (const { errorCode } of partitions) if (errorCode !== ErrorCode.NONE) return errorCode;
  }
  return ErrorCode.NONE;
}
