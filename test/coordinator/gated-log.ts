import type { AppendOptions, AppendRefusal, AppendResult, PartitionLog, ReadResult } from "../../src/log/log.ts";
import type { ErrorCode } from "../../src/protocol/errors.ts";
import { BatchView, setBaseOffset } from "../../src/protocol/records/batch.ts";

/** A partition whose appends become durable when the test says so; only what a shard asks of a log. */
export class GatedLog {
  readonly config = { maxMessageBytes: 1000 };
  readonly topic = "counter";
  readonly partition = 0;
  logStartOffset = 0;
  logEndOffset = 0;
  highWatermark = 0;
  refusal: AppendRefusal | undefined;
  /** What stands against the producers of transactions. */
  verdict: ErrorCode | undefined;
  readonly appended: AppendOptions[] = [];
  readonly stored: Uint8Array[] = [];
  readonly #waiting: { endOffset: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  readonly #watchers = new Set<() => void>();

  get appendsInFlight(): number {
    return this.#waiting.length;
  }

  /** As the port that a shard takes. */
  port(): PartitionLog {
    return this as unknown as PartitionLog;
  }

  admit(bytes: number, _options: AppendOptions) {
    if (this.refusal) return { ok: false, refusal: this.refusal } as const;
    if (bytes > this.config.maxMessageBytes) return { ok: false, refusal: "record-too-large" } as const;
    return { ok: true } as const;
  }

  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    if (this.refusal) return { ok: false, refusal: this.refusal as "failed" };
    const baseOffset = this.logEndOffset;
    const batch = new BatchView(bytes, 0);
    if (this.verdict && batch.producerId >= 0) {
      return { ok: false, refusal: "producer", verdict: { errorCode: this.verdict, message: "" } };
    }
    this.appended.push(options);
    setBaseOffset(batch, baseOffset);
    this.logEndOffset = batch.lastOffset + 1;
    this.stored.push(bytes.slice()); // they are the caller's again
    const endOffset = this.logEndOffset;
    const durable = new Promise<void>((resolve, reject) => this.#waiting.push({ endOffset, resolve, reject }));
    return { ok: true, baseOffset, lastOffset: this.logEndOffset - 1, logStartOffset: 0, duplicate: false, durable };
  }

  async read(offset: number): Promise<ReadResult> {
    await undefined; // as from a disk: something may be appended meanwhile
    const chunks = this.stored.filter((bytes) => new BatchView(bytes, 0).lastOffset >= offset);
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const { logEndOffset: end } = this;
    return { chunks, bytes, nextOffset: end, highWatermark: end, lastStableOffset: end, logStartOffset: 0 };
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  syncOne(): void {
    this.#settled()?.resolve();
  }

  /** The bytes are there, and nobody is told so. */
  failOne(error: Error): void {
    this.#settled()?.reject(error);
  }

  /** As a log that was deleted: what is not durable is forgotten, and watchers hear of it. */
  forgetAll(error: Error): void {
    this.logEndOffset = this.highWatermark;
    this.stored.splice(this.stored.length - this.#waiting.length);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    for (const onChange of [...this.#watchers]) onChange();
  }

  #settled() {
    const first = this.#waiting.shift();
    this.highWatermark = first?.endOffset ?? this.highWatermark;
    for (const onChange of [...this.#watchers]) onChange();
    return first;
  }
}
