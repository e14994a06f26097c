/**
 * Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer reads, so that it names only
 * what changed and is told only what changed. A session is a memory of the last answer, never more: a client that is
 * told FETCH_SESSION_ID_NOT_FOUND or INVALID_FETCH_SESSION_EPOCH begins a new one.
 */
import type { Clock, Rng } from "../coordinator/clock.ts";
import { ErrorCode } from "../protocol/errors.ts";

/** What is asked of one partition, and, in a session, what was last told of it. */
export interface FetchPartition {
  /** By topic id where the request has them (v13+), else by name. */
  readonly key: string;
  /** undefined: no topic has the id. */
  topic: string | undefined;
  readonly topicId: string;
  readonly partition: number;
  fetchOffset: number;
  maxBytes: number;
  /** -1: not told. */
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  /** Of the last answer; -1 has the partition told again. */
  highWatermark: number;
  logStartOffset: number;
}

/** What of an answer decides whether a session has to tell it. */
export interface FetchedPartition {
  readonly partition: FetchPartition;
  readonly data: {
    readonly errorCode: ErrorCode;
    readonly highWatermark: number;
    readonly logStartOffset: number;
    readonly divergingEpoch?: object | undefined;
  };
  readonly bytes: number;
}

export interface FetchAsk {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly usesTopicIds: boolean;
  /** Partitions named by the request, by key. */
  readonly partitions: Map<string, FetchPartition>;
  readonly forgotten: readonly string[];
}

/** A request as its session makes it whole. */
export interface FetchPlan {
  readonly errorCode: ErrorCode;
  readonly partitions: readonly FetchPartition[];
  /** What of the results is answered, and under which session. */
  answer<F extends FetchedPartition>(results: readonly F[]): FetchAnswer<F>;
}

export interface FetchAnswer<F> {
  readonly errorCode: ErrorCode;
  readonly sessionId: number;
  readonly results: readonly F[];
}

interface Session {
  readonly id: number;
  readonly usesTopicIds: boolean;
  readonly createdMs: number;
  readonly partitions: Map<string, FetchPartition>;
  epoch: number;
  lastUsedMs: number;
}

const noSession = 0;
const initialEpoch = 0;
const finalEpoch = -1;
/** A session that was used within this time yields to no other, and a new one yields to none (KIP-227). */
const evictionMs = 120_000;
const maxInt32 = 0x7fffffff;

export class FetchSessions {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #slots: number;
  readonly #maxPartitions: number;
  /** The longest unused first. */
  readonly #sessions = new Map<number, Session>();
  #partitionCount = 0;

  /**
   * @param slots max.incremental.fetch.session.cache.slots
   * @param maxPartitions in all sessions together: who would go beyond gets no session, which clients can live with
   */
  constructor(clock: Clock, rng: Rng, slots: number, maxPartitions = 1_000_000) {
    this.#clock = clock;
    this.#rng = rng;
    this.#slots = slots;
    this.#maxPartitions = maxPartitions;
  }

  get size(): number {
    return this.#sessions.size;
  }

  open(ask: FetchAsk): FetchPlan {
    if (ask.sessionEpoch === initialEpoch || ask.sessionEpoch === finalEpoch) {
      this.#end(this.#sessions.get(ask.sessionId));
      return ask.sessionEpoch === finalEpoch ? sessionless(ask) : this.#full(ask);
    }
    const session = this.#sessions.get(ask.sessionId);
    if (session === undefined) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== ask.sessionEpoch) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.usesTopicIds !== ask.usesTopicIds) return refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    this.#partitionCount -= session.partitions.size;
    update(session.partitions, ask);
    this.#partitionCount += session.partitions.size;
    if (session.partitions.size === 0) {
      this.#end(session);
      return sessionless(ask);
    }
    if (this.#partitionCount > this.#maxPartitions) {
      this.#end(session);
      return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    }
    this.#touch(session);
    session.epoch = nextEpoch(session.epoch);
    return incremental(session, session.epoch);
  }

  #full(ask: FetchAsk): FetchPlan {
    return {
      errorCode: ErrorCode.NONE,
      partitions: [...ask.partitions.values()],
      answer: (results) => {
        for (const result of results) remember(result);
        return { errorCode: ErrorCode.NONE, sessionId: this.#create(ask), results };
      },
    };
  }

  /** @returns the id of the new session, 0 when there is no room for one. */
  #create({ partitions, usesTopicIds }: FetchAsk): number {
    const nowMs = this.#clock.now().monotonicMs;
    if (this.#partitionCount + partitions.size > this.#maxPartitions) return noSession;
    if (this.#sessions.size >= this.#slots && !this.#evict(partitions.size, nowMs)) return noSession;
    const id = this.#newId();
    const epoch = nextEpoch(initialEpoch);
    this.#sessions.set(id, { id, usesTopicIds, createdMs: nowMs, partitions, epoch, lastUsedMs: nowMs });
    this.#partitionCount += partitions.size;
    return id;
  }

  /** Makes room: by a session long unused, else by the smallest of those that are not new, if it is smaller. */
  #evict(size: number, nowMs: number): boolean {
    let victim: Session | undefined;
    for (const session of this.#sessions.values()) {
      if (nowMs - session.lastUsedMs > evictionMs) {
        victim = session;
        break;
      }
      const isOlder = nowMs - session.createdMs > evictionMs;
      if (isOlder && session.partitions.size < (victim?.partitions.size ?? size)) victim = session;
    }
    return this.#end(victim);
  }

  #end(session: Session | undefined): boolean {
    if (session === undefined) return false;
    this.#partitionCount -= session.partitions.size;
    return this.#sessions.delete(session.id);
  }

  #newId(): number {
    for (;;) {
      const [a, b, c, d] = this.#rng.bytes(4) as unknown as [number, number, number, number];
      const id = ((a << 24) | (b << 16) | (c << 8) | d) & maxInt32;
      if (id !== noSession && !this.#sessions.has(id)) return id;
    }
  }

  #touch(session: Session): void {
    session.lastUsedMs = this.#clock.now().monotonicMs;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }
}

function refused(errorCode: ErrorCode): FetchPlan {
  return { errorCode, partitions: [], answer: () => ({ errorCode, sessionId: noSession, results: [] }) };
}

function sessionless(ask: FetchAsk): FetchPlan {
  return {
    errorCode: ErrorCode.NONE,
    partitions: [...ask.partitions.values()],
    answer: (results) => ({ errorCode: ErrorCode.NONE, sessionId: noSession, results }),
  };
}

function incremental(session: Session, epoch: number): FetchPlan {
  return {
    errorCode: ErrorCode.NONE,
    partitions: [...session.partitions.values()],
    answer: (results) => {
      // Another request of this session came in between: what it was told goes, this answer does not count.
      const errorCode = session.epoch === epoch ? ErrorCode.NONE : ErrorCode.INVALID_FETCH_SESSION_EPOCH;
      if (errorCode) return { errorCode, sessionId: session.id, results: [] };
      const changed = results.filter((result) => isNews(result));
      for (const result of changed) {
        remember(result);
        if (result.bytes > 0) moveToEnd(session.partitions, result.partition);
      }
      return { errorCode, sessionId: session.id, results: changed };
    },
  };
}

function isNews({ partition, data, bytes }: FetchedPartition): boolean {
  return (
    bytes > 0 ||
    data.errorCode !== ErrorCode.NONE ||
    data.highWatermark !== partition.highWatermark ||
    data.logStartOffset !== partition.logStartOffset ||
    data.divergingEpoch !== undefined
  );
}

function remember({ partition, data }: FetchedPartition): void {
  partition.highWatermark = data.errorCode === ErrorCode.NONE ? data.highWatermark : -1;
  partition.logStartOffset = data.logStartOffset;
}

/** Those that had data go last next time, so that a full answer starves none. */
function moveToEnd(partitions: Map<string, FetchPartition>, partition: FetchPartition): void {
  if (!partitions.delete(partition.key)) return;
  partitions.set(partition.key, partition);
}

function update(partitions: Map<string, FetchPartition>, { partitions: named, forgotten }: FetchAsk): void {
  for (const asked of named.values()) {
    const known = partitions.get(asked.key);
    if (known === undefined) partitions.set(asked.key, asked);
    else {
      const { fetchOffset, maxBytes, currentLeaderEpoch, lastFetchedEpoch } = asked;
      Object.assign(known, { fetchOffset, maxBytes, currentLeaderEpoch, lastFetchedEpoch });
    }
  }
  for (const key of forgotten) partitions.delete(key);
}

/** Epochs of a session go 1, 2, … and begin again at 1 after the largest int32. */
function nextEpoch(epoch: number): number {
  return epoch === maxInt32 ? 1 : epoch + 1;
}
