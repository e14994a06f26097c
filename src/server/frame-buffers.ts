/** Memory for large requests, and for records from disk, used again and again: what is new for each is garbage soon. */
const smallestBytes = 16 * 1024;
/** Larger ones are rare: what they need is not kept. */
const largestBytes = 4 * 1024 * 1024;

export class FrameBuffers {
  /** By size, a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  /** Not to be held for those who never give it back. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #keepBytes: number;
  #freeBytes = 0;

  /** @param keepBytes the most that is kept for later. */
  constructor(keepBytes = 16 * 1024 * 1024) {
    this.#keepBytes = keepBytes;
  }

  /** @returns so many bytes with anything in them. */
  take(bytes: number): Buffer {
    if (bytes < smallestBytes || bytes > largestBytes) return Buffer.allocUnsafe(bytes);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    let memory = this.#free.get(size)?.pop();
    if (memory !== undefined) this.#freeBytes -= size;
    else memory = Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  isLent({ buffer }: Uint8Array): boolean {
    return this.#lent.has(buffer);
  }

  /** Nobody looks at these bytes any more. Any others than those of `take` are no matter. */
  giveBack(frame: Uint8Array): void {
    const { buffer } = frame;
    if (!this.#lent.delete(buffer) || this.#freeBytes + buffer.byteLength > this.#keepBytes) return;
    const free = this.#free.get(buffer.byteLength) ?? [];
    free.push(buffer as ArrayBuffer);
    this.#free.set(buffer.byteLength, free);
    this.#freeBytes += buffer.byteLength;
  }
}
