import { ErrorCode } from "../protocol/errors.ts";
import type { MetadataShard, Outcome } from "./context.ts";

/** Producer ids one by one, out of blocks that the metadata shard gives; a block that a crash cut short is lost. */
export class ProducerIdPool {
  readonly #shard: MetadataShard;
  readonly #nodeId: number;
  #next = 0;
  #end = 0;
  #block: Promise<ErrorCode> | undefined;

  constructor(shard: MetadataShard, nodeId: number) {
    this.#shard = shard;
    this.#nodeId = nodeId;
  }

  async next(): Promise<Outcome<number>> {
    for (;;) {
      const errorCode = await this.filled();
      if (errorCode !== ErrorCode.NONE) return { ok: false, errorCode };
      const producerId = this.take();
      if (producerId !== undefined) return { ok: true, reply: producerId };
    }
  }

  /** @returns undefined when none is at hand; then some are on their way. */
  take(): number | undefined {
    if (this.#next < this.#end) return this.#next++;
    void this.filled();
    return undefined;
  }

  /** Resolves to NONE when `take` gives an id, unless another takes the last one before. */
  filled(): Promise<ErrorCode> {
    if (this.#next < this.#end) return Promise.resolve(ErrorCode.NONE);
    this.#block ??= this.#allocate().finally(() => {
      this.#block = undefined;
    });
    return this.#block;
  }

  async #allocate(): Promise<ErrorCode> {
    const outcome = await this.#shard.submit("AllocateProducerIds", { nodeId: this.#nodeId });
    if (!outcome.ok) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS; // Kafka's word while no block comes
    const { errorCode, first, count } = outcome.reply;
    if (errorCode === ErrorCode.NONE) {
      this.#next = first;
      this.#end = first + count;
    }
    return errorCode;
  }
}
