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
    while (this.#next === this.#end) {
      this.#block ??= this.#allocate().finally(() => {
        this.#block = undefined;
      });
      const errorCode = await this.#block;
      if (errorCode !== ErrorCode.NONE) return { ok: false, errorCode };
    }
    return { ok: true, reply: this.#next++ };
  }

  async #allocate(): Promise<ErrorCode> {
    const outcome = await this.#shard.submit("AllocateProducerIds", { nodeId: this.#nodeId });
    if (!outcome.ok) return outcome.errorCode;
    const { errorCode, first, count } = outcome.reply;
    if (errorCode === ErrorCode.NONE) {
      this.#next = first;
      this.#end = first + count;
    }
    return errorCode;
  }
}
