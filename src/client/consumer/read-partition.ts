import type { KafkaError } from "../errors.ts";
import { keyOf } from "../member/partitions.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { FetchedRecords } from "./fetched-records.ts";

/** Where a partition is to be read from, when its offset is not known yet. */
export type Whence = "committed" | "reset" | "beginning" | "end" | { readonly timestamp: number };

/** One chunk is being read, another is there when it ends. */
const chunksAhead = 2;

/** One partition of the consumer: how far it was fetched, handed out, processed and committed. */
export class ReadPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** Undefined: the offsets below are known. */
  whence: Whence | undefined;
  isLocating = false;
  /** Grows whenever the offsets are set anew: what was fetched or handed out before is void. */
  version = 0;
  fetchOffset = -1;
  /** Of the next record that is handed out. */
  position = -1;
  /** All before it is done. */
  processed = -1;
  /** As far as this consumer knows; -1: none. */
  committed = -1;
  /** Of the last record that was handed out; -1: not known. */
  leaderEpoch = -1;
  /** Of the last record that was fetched, or as it was committed; -1: not known. */
  fetchedEpoch = -1;
  /** The leader epoch in which what was fetched is known to be in the log. */
  validatedEpoch = -1;
  isValidating = false;
  /** Behind the last record that this consumer may read: with read_committed, the last stable offset. */
  highWatermark = -1;
  chunks: FetchedRecords[] = [];
  isPaused = false;
  /** It has just been assigned: the application's callback may still seek. */
  isHeld = false;
  /** Revoked or lost: no more of it is fetched or handed out. */
  isStopped = false;
  /** A fetch for what it is now is under way. */
  isFetching = false;
  /** Fetching goes on after retry.backoff.ms. */
  isBackingOff = false;
  /** Its records are being worked on. */
  isAtWork = false;
  /** Aborted when somebody else may have the partition. */
  work: AbortController | undefined;
  /** To be told to the application, once. */
  error: KafkaError | undefined;
  /** A follower that the leader named (KIP-392). */
  preferredReplica: { readonly nodeId: number; readonly untilMs: number } | undefined;
  readonly #whenLocated: (() => void)[] = [];

  constructor({ topic, partition }: TopicPartition, whence: Whence) {
    this.topic = topic;
    this.partition = partition;
    this.key = keyOf(this);
    this.whence = whence;
  }

  get isLocatable(): boolean {
    return this.whence !== undefined && !this.isLocating && !this.isHeld && !this.isStopped && this.error === undefined;
  }

  get isFetchable(): boolean {
    const mayRead = this.whence === undefined && !this.isHeld && !this.isStopped && !this.isPaused;
    if (!mayRead || this.isFetching || this.isValidating || this.isBackingOff || this.error !== undefined) return false;
    return this.chunks.length < chunksAhead;
  }

  get isReady(): boolean {
    return this.chunks.length > 0 && !this.isPaused && !this.isStopped && !this.isAtWork;
  }

  /** Records that wait, as of the last fetch; undefined before it. */
  get lag(): number | undefined {
    const { position, highWatermark } = this;
    return position < 0 || highWatermark < 0 ? undefined : Math.max(0, highWatermark - position);
  }

  /** From now on it is read from there. @param leaderEpoch of the record before; -1: not known. */
  seek(offset: number, leaderEpoch = -1): void {
    this.#forget();
    this.whence = undefined;
    this.leaderEpoch = leaderEpoch;
    this.fetchedEpoch = leaderEpoch;
    this.fetchOffset = offset;
    this.position = offset;
    this.processed = offset;
    for (const located of this.#whenLocated.splice(0)) located();
  }

  /** From now on it is read from wherever that turns out to be. */
  lookFor(whence: Whence): void {
    this.#forget();
    this.whence = whence;
  }

  /** It cannot be read, and the application is to be told. */
  fail(error: KafkaError): void {
    this.error ??= error;
    for (const located of this.#whenLocated.splice(0)) located();
  }

  /** Resolves when the offset is known, or will not be. */
  located(): Promise<void> {
    if (this.whence === undefined || this.isStopped || this.error !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#whenLocated.push(resolve));
  }

  stop(): void {
    this.isStopped = true;
    this.chunks = [];
    for (const located of this.#whenLocated.splice(0)) located();
  }

  fetched(chunk: FetchedRecords): void {
    this.chunks.push(chunk);
    this.fetchOffset = chunk.endOffset;
    this.fetchedEpoch = chunk.endEpoch;
  }

  /** Records up to the chunk's `nextOffset` were handed out. */
  handedOut(chunk: FetchedRecords): void {
    this.position = chunk.nextOffset;
    this.leaderEpoch = chunk.leaderEpoch;
  }

  /** What the application commits is processed: auto commit must not take it back. */
  wasCommitted(offset: number): void {
    this.committed = offset;
    if (offset <= this.position) this.processed = Math.max(this.processed, offset);
  }

  #forget(): void {
    this.version++;
    this.isFetching = false;
    this.isValidating = false;
    this.validatedEpoch = -1;
    this.chunks = [];
    this.error = undefined;
    this.isLocating = false;
  }
}
