/** `for await` over records and over batches. Leaving a loop neither commits nor closes. */
import type { ConsumerRecord } from "./consumer-record.ts";
import type { Handout, Reader, Work } from "./handout.ts";

/** Records of one partition, in their order; at most max.poll.records. */
export interface ConsumerBatch<K = Uint8Array, V = Uint8Array> {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ConsumerRecord<K, V>[];
  /** The offset behind the last record that consumers may read, as of the fetch. */
  readonly highWatermark: number;
}

/** What is handed out at a time. @returns undefined: nothing is left of the work. */
export type Portion<T> = (work: Work) => T | undefined;

/** What comes out of bytes is known to types only: of keys, of values, and of topics by their names. */
export function oneRecord<R>(handout: Handout): Portion<R> {
  return (work) => handout.next(work) as R | undefined;
}

export function oneBatch<B>(handout: Handout, maxRecords: number): Portion<B> {
  return (work) => {
    const records: ConsumerRecord<unknown, unknown>[] = [];
    while (records.length < maxRecords) {
      const record = handout.next(work);
      if (record === undefined) break;
      records.push(record);
    }
    if (records.length === 0) return undefined;
    const { topic, partition, highWatermark } = work.partition;
    return { topic, partition, records, highWatermark } satisfies ConsumerBatch<unknown, unknown> as B;
  };
}

/** For `records()` and `batches()`. */
export interface LoopOptions {
  /** Ends the loop: at once where it waits, else when the next portion is asked for. */
  readonly signal?: AbortSignal | undefined;
}

/** A portion counts as processed when the next one is asked for. */
export class Loop<T> implements AsyncIterableIterator<T>, Reader {
  readonly #handout: Handout;
  readonly #portion: Portion<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = () => this.#handout.wake();
  #work: Work | undefined;

  constructor(handout: Handout, portion: Portion<T>, { signal }: LoopOptions = {}) {
    this.#handout = handout;
    this.#portion = portion;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws {KafkaError} what keeps the consumer from reading on; the loop is then left. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#work !== undefined) {
      this.#handout.processed(this.#work);
      const value = this.#isOver() ? undefined : this.#portion(this.#work);
      if (value !== undefined) return Promise.resolve({ done: false, value });
      this.#letGo();
    }
    return this.#wait();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.abandon();
    this.#handout.leave(this);
    this.#signal?.removeEventListener("abort", this.#aborted);
    return { done: true, value: undefined };
  }

  abandon(): void {
    this.#letGo();
  }

  #isOver(): boolean {
    return this.#signal?.aborted ?? false;
  }

  async #wait(): Promise<IteratorResult<T, undefined>> {
    this.#handout.enter(this);
    try {
      for (;;) {
        this.#work = await this.#handout.take(() => this.#isOver());
        if (this.#work === undefined) return await this.return();
        const value = this.#portion(this.#work);
        if (value !== undefined) return { done: false, value };
        this.#letGo();
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  #letGo(): void {
    if (this.#work !== undefined) this.#handout.release(this.#work);
    this.#work = undefined;
  }
}
