/**
 * How far the journal may grow while a checkpoint syncs segments. A start reads all that no checkpoint covers, so
 * acknowledgements slow down to the pace of segments where these fall behind.
 */
import { each } from "./each.ts";
import { Deferred } from "./group.ts";

/** More partitions than that are many. */
export const mostSyncedAtOnce = 1000;
/** So many times more journal before the next checkpoint of many, which syncs each segment. */
const journalOfMany = 4;
/**
 * So many times what brings a checkpoint the journal may hold; and so many times it may grow in a round nonetheless,
 * half of it at once: behind a kill it may have been full already. Of many partitions a round takes seconds.
 */
const few = { most: 3, leastGrowth: 1 / 2 };
const many = { most: 4, leastGrowth: 2 };

/** @returns how much journal brings a checkpoint of so many partitions. @param bytes of few. */
export function dueBytes(partitions: number, bytes: number): number {
  return partitions > mostSyncedAtOnce ? journalOfMany * bytes : bytes;
}

export class CheckpointRound {
  readonly #partitions: number;
  readonly #atOnceBytes: number;
  readonly #byAndByBytes: number;
  #done = 0;
  #next = new Deferred();

  /** @param coveredBytes of journal are there until the checkpoint is written. @param bytes as of `dueBytes`. */
  constructor(partitions: number, coveredBytes: number, bytes: number) {
    const due = dueBytes(partitions, bytes);
    const { most, leastGrowth } = partitions > mostSyncedAtOnce ? many : few;
    const growthBytes = Math.max(leastGrowth * due, most * due - coveredBytes);
    this.#partitions = partitions;
    this.#atOnceBytes = Math.max((leastGrowth * due) / 2, (most * due) / 2 - coveredBytes);
    this.#byAndByBytes = growthBytes - this.#atOnceBytes;
  }

  /** @param sync makes the segments of one durable. */
  async run<T>(partitions: readonly T[], atATime: number, sync: (partition: T) => Promise<void>): Promise<void> {
    try {
      await each(partitions, atATime, async (partition) => {
        await sync(partition);
        this.#advance(this.#done + 1);
      });
    } finally {
      this.#advance(this.#partitions);
    }
  }

  #advance(done: number): void {
    this.#done = done;
    this.#next.resolve();
    this.#next = new Deferred();
  }

  /** @returns what to wait for before the journal, which has grown by so much since, takes more; undefined: it may. */
  room(grownBytes: number): Promise<void> | undefined {
    if (this.#done >= this.#partitions) return undefined;
    const allowed = this.#atOnceBytes + (this.#byAndByBytes * this.#done) / this.#partitions;
    return grownBytes <= allowed ? undefined : this.#next.promise;
  }
}
