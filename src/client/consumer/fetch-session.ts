/** What a broker remembers of a consumer's fetches, so that each names only what has changed (KIP-227). */
import type { Fetch } from "../../protocol/apis/fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { RequestInput } from "../../protocol/schema.ts";
import { byTopic } from "../member/partitions.ts";

/** A partition as a fetch names it. */
export interface FetchPosition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly key: string;
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly partitionMaxBytes: number;
}

export type SessionPart = Pick<
  RequestInput<typeof Fetch>,
  "sessionId" | "sessionEpoch" | "topics" | "forgottenTopicsData"
>;

const greatestEpoch = 0x7fffffff;
const finalEpoch = -1;

/** A request without a session. */
export function sessionless(positions: readonly FetchPosition[]): SessionPart {
  return { sessionId: 0, sessionEpoch: finalEpoch, topics: named(positions), forgottenTopicsData: [] };
}

export class FetchSession {
  #id = 0;
  /** 0: the next request opens a session, and names everything. */
  #epoch = 0;
  #known = new Map<string, FetchPosition>();

  next(positions: readonly FetchPosition[]): SessionPart {
    const isNew = this.#epoch === 0;
    const before = isNew ? new Map<string, FetchPosition>() : this.#known;
    this.#known = new Map(positions.map((position) => [position.key, position]));
    const changed = positions.filter((position) => !isSame(position, before.get(position.key)));
    const forgotten = [...before.values()].filter(({ key, topicId }) => this.#known.get(key)?.topicId !== topicId);
    const ids = new Map(forgotten.map(({ topic, topicId }) => [topic, topicId]));
    const forgottenTopicsData = byTopic(forgotten).map(({ topic, partitions }) => {
      return { topic, topicId: ids.get(topic)!, partitions: [...partitions] };
    });
    return { sessionId: this.#id, sessionEpoch: this.#epoch, topics: named(changed), forgottenTopicsData };
  }

  /** What ends it at the broker; undefined: there is none. */
  last(): RequestInput<typeof Fetch> | undefined {
    if (this.#id === 0) return undefined;
    return { maxWaitMs: 0, minBytes: 0, sessionId: this.#id, sessionEpoch: finalEpoch, topics: [] };
  }

  /** A broker without room for the session answers id 0. */
  answered(sessionId: number): void {
    this.#id = sessionId;
    this.#epoch = sessionId === 0 ? 0 : this.#epoch === greatestEpoch ? 1 : this.#epoch + 1;
  }

  /** The next request opens a new session; the old one, if the broker still has it, ends with that. */
  failed(errorCode?: number): void {
    if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) this.#id = 0;
    this.#epoch = 0;
  }
}

function isSame(position: FetchPosition, before: FetchPosition | undefined): boolean {
  return (
    before !== undefined &&
    before.topicId === position.topicId &&
    before.fetchOffset === position.fetchOffset &&
    before.currentLeaderEpoch === position.currentLeaderEpoch
  );
}

function named(positions: readonly FetchPosition[]): SessionPart["topics"] {
  return [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, those]) => ({
    topic,
    topicId: those[0]!.topicId,
    partitions: those.map(({ partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes }) => {
      return { partition, currentLeaderEpoch, fetchOffset, partitionMaxBytes };
    }),
  }));
}
