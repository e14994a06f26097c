/** How a member comes to its records: it fetches from its positions, again and again, and keeps what comes. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import { Fetch } from "../protocol/apis/fetch.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import type { ResponseOf } from "../protocol/schema.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { MemberCalls } from "./member-calls.ts";
import { type ReadRecord, shownRecords } from "./shown-records.ts";

/** Where a member is in one partition; what was fetched from there on and is not handled yet. */
export class Position {
  readonly at: Partitions[number];
  /** What is handled next; undefined while the committed offset is asked for. */
  offset: number | undefined;
  committed = -1;
  isStopped = false;
  /** What is fetched next. */
  #fetchOffset = 0;
  #records: ReadRecord[] = [];

  constructor(at: Partitions[number]) {
    this.at = at;
  }

  get fetchOffset(): number {
    return this.#fetchOffset;
  }

  get isThirsty(): boolean {
    return this.offset !== undefined && !this.isStopped && this.#records.length < enough;
  }

  fetched(records: readonly ReadRecord[], next: number): void {
    this.#records.push(...records);
    this.#fetchOffset = next;
  }

  /** @returns the records, at most so many; they count as handled. */
  handle(count: number): ReadRecord[] {
    const records = this.#records.splice(0, count);
    this.offset = this.#records[0]?.offset ?? this.#fetchOffset;
    return records;
  }

  begin(offset: number): void {
    this.offset = offset;
    this.#fetchOffset = offset;
    this.#records = [];
  }
}

const enough = 100;
const maxWaitMs = 500;
const againMs = 300;
/** What a broker says that was just told of a change, or has lost its log's disk: metadata are asked for again. */
const passing: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]);

type PartitionAnswer = ResponseOf<typeof Fetch>["responses"][number]["partitions"][number];

export class Reading {
  readonly #member: ConsumerNode;
  readonly #calls: MemberCalls;
  readonly #positions: () => readonly Position[];
  /** Topics by their names, or by their ids where the version knows ids. */
  readonly #byId: boolean;

  constructor(member: ConsumerNode, calls: MemberCalls, positions: () => readonly Position[]) {
    this.#member = member;
    this.#calls = calls;
    this.#positions = positions;
    this.#byId = calls.versionOf("Fetch") >= 13;
  }

  fetch(): void {
    const isKnown = ({ at }: Position) => !this.#byId || this.#calls.topicIds.has(at.topic);
    const known = this.#positions().filter((position) => position.isThirsty && isKnown(position));
    if (known.length === 0) return this.#soon();
    const asked = new Map(known.map((position) => [this.#keyOf(position.at), position]));
    const topics = Array.from(
      Map.groupBy(known, ({ at }) => at.topic),
      ([topic, of]) => ({
        ...(this.#byId ? { topicId: this.#calls.topicIds.get(topic) } : { topic }),
        partitions: of.map(({ at, fetchOffset }) => ({
          ...{ partition: at.partition, fetchOffset, partitionMaxBytes: 65_536 },
          currentLeaderEpoch: this.#calls.leaderEpochs.get(keyOf(at)) ?? -1,
        })),
      }),
    );
    const isolationLevel = this.#member.cluster.plan.readCommitted ? 1 : 0;
    const body = { isolationLevel, maxWaitMs, minBytes: 1, topics, forgottenTopicsData: [], rackId: "" };
    this.#calls.askLeader(Fetch, body, (response) => {
      if (response === undefined || response.errorCode !== ErrorCode.NONE) return this.#soon();
      let isWell = true;
      for (const { topic, topicId, partitions } of response.responses) {
        for (const answer of partitions) {
          const position = asked.get(`${this.#byId ? topicId : topic}-${answer.partitionIndex}`);
          if (position !== undefined) isWell = this.#take(position, answer) && isWell;
        }
      }
      if (isWell) this.fetch();
      else this.#refresh();
    });
  }

  #keyOf({ topic, partition }: Partitions[number]): string {
    return `${this.#byId ? this.#calls.topicIds.get(topic) : topic}-${partition}`;
  }

  #soon(): void {
    this.#member.process.after(againMs, () => this.fetch());
  }

  #refresh(): void {
    this.#calls.refresh();
    this.#soon();
  }

  #take(position: Position, { errorCode, records, abortedTransactions }: PartitionAnswer): boolean {
    const { cluster, name } = this.#member;
    const { plan } = cluster;
    const { at } = position;
    if (position.isStopped) return true;
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && cluster.consumption.deleted.has(at.topic)) {
      position.begin(0);
      return false;
    }
    if (passing.has(errorCode)) return false;
    if (errorCode !== ErrorCode.NONE) {
      const message = `${name} is answered ${errorName(errorCode)} for ${keyOf(at)} at ${position.fetchOffset}`;
      cluster.world.violated("a position can be read", message);
      return false;
    }
    const aborted = plan.readCommitted ? abortedTransactions : null;
    const { records: found, next } = shownRecords(records ?? new Uint8Array(0), position.fetchOffset, aborted);
    for (const record of found) {
      cluster.consumption.read(at, record);
      if (plan.readCommitted) cluster.transactions.shown(at, record);
    }
    position.fetched(found, next);
    return true;
  }
}
