/** Memory for requests and for records from disk. Large ones use it again: what is new for each is garbage soon. */
const smallestBytes = 16 * 1024;
/** Small ones are parts of pieces of this size, not of Node's 64 KB: who keeps one keeps no more than a piece. */
const pieceBytes = 4 * 1024;
const smallBytes = pieceBytes / 4;
/** Larger ones are rare: what they need is not kept. */
const largestBytes = 4 * 1024 * 1024;

export class FrameBuffers {
  /** By size, a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  /** Not to be held for those who never give it back. */
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #keepBytes: number;
  #freeBytes = 0;
  #piece = new ArrayBuffer(0);
  #pieceUsed = 0;

  /** @param keepBytes the most that is kept for later. */
  constructor(keepBytes = 16 * 1024 * 1024) {
    this.#keepBytes = keepBytes;
  }

  /** @returns so many bytes with anything in them. */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes) return this.#part(bytes);
    if (bytes < smallestBytes || bytes > largestBytes) return Buffer.allocUnsafeSlow(bytes);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    let memory = this.#free.get(size)?.pop();
    if (memory !== undefined) this.#freeBytes -= size;
    else memory = Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytes);
  }

  #part(bytes: number): Buffer {
    if (this.#pieceUsed + bytes > this.#piece.byteLength) {
      this.#piece = Buffer.allocUnsafeSlow(pieceBytes).buffer as ArrayBuffer;
      this.#pieceUsed = 0;
    }
    const part = Buffer.from(this.#piece, this.#pieceUsed, bytes);
    this.#pieceUsed += bytes;
    return part;
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
