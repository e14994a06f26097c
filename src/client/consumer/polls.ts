/** Takes from all partitions at once, for who commits what it has taken as one. */

import type { OffsetToCommit } from "./committer.ts";
import type { ConsumerRecord } from "./consumer-record.ts";
import { CommitFailedError } from "./errors.ts";
import type { Handout, Reader, Work } from "./handout.ts";

/** Records that are in the application's hands until `done` or `takenBack` is called. */
export interface Poll {
  /** Of each partition in their order; at least one. */
  readonly records: readonly ConsumerRecord<never, never>[];
  /** Behind what was taken. */
  readonly offsets: readonly OffsetToCommit[];
  /** Of those partitions in which it still counts: neither lost nor sought in. */
  kept(): readonly OffsetToCommit[];
  /** Aborted when a partition may be somebody else's: nothing of the poll may be committed then. */
  readonly signal: AbortSignal;
  /** @throws {CommitFailedError} when a partition may be somebody else's, or the application has sought in it. */
  check(): void;
  /** It is committed. */
  done(): void;
  /** It is not: its records are handed out again, to whoever has their partitions then. */
  takenBack(): void;
}

/** The partitions of a poll are not revoked before it is done or taken back. */
export class Polls implements Reader {
  readonly #handout: Handout;
  readonly #groupId: string;
  readonly #maxRecords: number;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = () => this.#handout.wake();

  /** @throws {InvalidStateError} while another loop or run reads from the consumer. */
  constructor(handout: Handout, groupId: string, maxRecords: number, signal: AbortSignal | undefined) {
    this.#handout = handout;
    this.#groupId = groupId;
    this.#maxRecords = maxRecords;
    this.#signal = signal;
    handout.enter(this);
    signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** @returns undefined when the consumer is closed or the signal aborted. @throws {KafkaError} */
  async next(): Promise<Poll | undefined> {
    for (;;) {
      const first = await this.#handout.take(() => this.#signal?.aborted ?? false);
      if (first === undefined) return undefined;
      const poll = this.#taken(first);
      if (poll.records.length > 0) return poll;
      poll.done();
    }
  }

  leave(): void {
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#handout.leave(this);
  }

  /** A poll ends by itself, and is awaited. */
  abandon(): void {
    this.#handout.wake();
  }

  #taken(first: Work): Poll {
    const handout = this.#handout;
    const controller = new AbortController();
    const works: Work[] = [];
    const records: ConsumerRecord<never, never>[] = [];
    for (let work: Work | undefined = first; work !== undefined; ) {
      work.partition.work = controller;
      works.push(work);
      while (records.length < this.#maxRecords) {
        const record = handout.next(work);
        if (record === undefined) break;
        records.push(record);
      }
      work = records.length < this.#maxRecords ? handout.tryTake() : undefined;
    }
    const offsets = works.map(({ partition: { topic, partition, position, leaderEpoch } }) => {
      return { topic, partition, offset: position, leaderEpoch };
    });
    const isKept = ({ partition, version }: Work) => partition.version === version;
    const end = (settle: (work: Work, offset: number) => void) => {
      works.forEach((work, index) => {
        settle(work, offsets[index]!.offset);
        work.partition.work = undefined;
        handout.release(work);
      });
    };
    return {
      records,
      offsets,
      kept: () => offsets.filter((_, index) => isKept(works[index]!)),
      signal: controller.signal,
      check: () => {
        const isGone = controller.signal.aborted || !works.every(isKept);
        if (isGone) throw new CommitFailedError(this.#groupId, "partitions are not this consumer's any more");
      },
      done: () =>
        end((work, offset) => {
          handout.processed(work);
          if (isKept(work) && records.length > 0) work.partition.wasCommitted(offset);
        }),
      takenBack: () => end((work) => handout.takeBack(work)),
    };
  }
}
