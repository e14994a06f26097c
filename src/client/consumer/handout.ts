/** Hands fetched records to the application, partition by partition in turn, and knows which it works on. */
import { KafkaError } from "../errors.ts";
import type { TopicCounts } from "../metrics/consumer-metrics.ts";
import { nowMs } from "../wait.ts";
import type { ConsumerRecord } from "./consumer-record.ts";
import { CorruptRecordsError, InvalidStateError } from "./errors.ts";
import type { FetchedRecords } from "./fetched-records.ts";
import type { ReadPartition } from "./read-partition.ts";

/** One partition's records in the hands of the application. */
export interface Work {
  readonly partition: ReadPartition;
  readonly version: number;
  readonly chunk: FetchedRecords;
  /** Of its topic. */
  readonly counts: TopicCounts;
}

/** Who is handed records: a loop, or a run. There is one at a time. */
export interface Reader {
  /** The consumer closes: it waits no longer for what the reader has. */
  abandon(): void;
}

export interface HandoutHooks {
  /** A chunk was read to its end: there is room for another. */
  drained(): void;
  /** An error was told to the application: what caused it is tried again. */
  told(): void;
  /** The application waits for records; the application has been given some, or goes on with them (rule 49). */
  polled(): void;
  busy(): void;
  countsOf(topic: string): TopicCounts;
}

export class Handout {
  readonly #partitions: ReadonlyMap<string, ReadPartition>;
  readonly #hooks: HandoutHooks;
  readonly #busyEveryMs: number;
  /** The oldest first. */
  readonly #works = new Set<Work>();
  #waiting: (() => void)[] = [];
  #lastKey = "";
  #busyAtMs = 0;
  #reader: Reader | undefined;
  #failure: Error | undefined;
  #errors: unknown[] = [];
  #isClosed = false;

  /** @param busyEveryMs how often the membership hears that the application goes on from record to record. */
  constructor(partitions: ReadonlyMap<string, ReadPartition>, busyEveryMs: number, hooks: HandoutHooks) {
    this.#partitions = partitions;
    this.#busyEveryMs = busyEveryMs;
    this.#hooks = hooks;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws {InvalidStateError} while another reads. */
  enter(reader: Reader): void {
    if (this.#reader === reader) return;
    if (this.#reader !== undefined) {
      throw new InvalidStateError(
        "another loop or run reads from this consumer",
        "leave it first, or make a second consumer",
      );
    }
    this.#reader = reader;
  }

  leave(reader: Reader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  /** Something has changed for those that wait. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }

  /** Every take from now on rejects. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.wake();
  }

  /** The next take rejects. */
  tell(error: unknown): void {
    this.#errors.push(error);
    this.wake();
  }

  close(): void {
    this.#isClosed = true;
    this.abandon();
    this.wake();
  }

  /** Nobody waits any longer for what a loop has; handlers of a run are waited for. */
  abandon(): void {
    this.#reader?.abandon();
  }

  /** Waits for records. @returns undefined when the consumer is closed or `isOver`. */
  async take(isOver: () => boolean = () => false): Promise<Work | undefined> {
    while (!this.#isClosed && !isOver()) {
      this.#throwErrors();
      const work = this.tryTake();
      if (work !== undefined) return work;
      const woken = new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#works.size === 0) this.#hooks.polled();
      await woken;
    }
    return undefined;
  }

  /** In turn: the one behind the last. */
  tryTake(): Work | undefined {
    let first: ReadPartition | undefined;
    let isBehind = false;
    for (const partition of this.#partitions.values()) {
      if (partition.isReady) {
        if (isBehind) return this.#begin(partition);
        first ??= partition;
      }
      isBehind ||= partition.key === this.#lastKey;
    }
    return first === undefined ? undefined : this.#begin(first);
  }

  /** May the application go on with it? */
  isValid({ partition, version }: Work): boolean {
    return partition.version === version && !partition.isStopped && !partition.isPaused;
  }

  /** The next record; undefined: there is no more in this chunk, or it may not be handed out. */
  next(work: Work): ConsumerRecord<never, never> | undefined {
    if (!this.isValid(work)) return undefined;
    const { partition, chunk } = work;
    const record = this.#read(work);
    if (record !== undefined) work.counts.records++;
    else if (partition.chunks[0] === chunk) {
      partition.chunks.shift();
      if (partition.processed === partition.position) partition.processed = chunk.nextOffset;
      this.#hooks.drained();
    }
    partition.handedOut(chunk);
    if (nowMs() - this.#busyAtMs > this.#busyEveryMs && isFirst(this.#works, work)) this.#busy();
    return record;
  }

  /** What was handed out of it so far is done. */
  processed({ partition, version }: Work): void {
    if (partition.version === version) partition.processed = partition.position;
  }

  /** What was handed out of it, and is not processed, is to be handed out again. */
  takeBack({ partition, version }: Work): void {
    if (partition.version !== version) return;
    partition.seek(partition.processed);
    this.#hooks.drained();
  }

  /** The application has let go of it. */
  release(work: Work): void {
    const wasFirst = isFirst(this.#works, work);
    if (!this.#works.delete(work)) return;
    work.partition.isAtWork = false;
    if (wasFirst && this.#works.size > 0) this.#busy();
    this.wake();
  }

  /** Resolves when none of them is at work. */
  async idle(partitions: readonly ReadPartition[]): Promise<void> {
    while (partitions.some(({ isAtWork }) => isAtWork)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #begin(partition: ReadPartition): Work {
    const counts = this.#hooks.countsOf(partition.topic);
    const work = { partition, version: partition.version, chunk: partition.chunks[0]!, counts };
    partition.isAtWork = true;
    this.#lastKey = partition.key;
    this.#works.add(work);
    if (this.#works.size === 1) this.#busy();
    return work;
  }

  #busy(): void {
    this.#busyAtMs = nowMs();
    this.#hooks.busy();
  }

  /** Damaged records are fetched again when the application goes on. */
  #read({ partition, chunk }: Work): ConsumerRecord<never, never> | undefined {
    try {
      return chunk.next();
    } catch (error) {
      const { position } = partition;
      partition.seek(position);
      partition.fail(new CorruptRecordsError(partition, position, error));
      return undefined;
    }
  }

  #throwErrors(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#errors.length > 0) throw this.#errors.shift();
    for (const { error } of this.#partitions.values()) {
      if (!(error instanceof KafkaError)) continue;
      for (const partition of this.#partitions.values()) {
        if (partition.error === error) partition.error = undefined;
      }
      this.#hooks.told();
      throw error;
    }
  }
}

function isFirst(works: ReadonlySet<Work>, work: Work): boolean {
  return works.values().next().value === work;
}
