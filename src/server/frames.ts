/** Cuts a stream of bytes into frames: an int32 size, then so many bytes. */

export type FrameProblem =
  | { readonly kind: "size"; readonly size: number }
  /** Another protocol's first bytes, recognised. */
  | { readonly kind: "protocol"; readonly name: "TLS" | "HTTP" };

const sizeBytes = 4;
/** A frame gets so much at first; more when it is filled, so that a size alone takes no memory. */
const firstBytes = 256 * 1024;

/** Memory for frames. */
export interface FrameMemory {
  take(bytes: number): Buffer;
  /** Nobody looks at it any more. */
  giveBack(frame: Uint8Array): void;
}

const plainMemory: FrameMemory = { take: (bytes) => Buffer.allocUnsafe(bytes), giveBack: () => undefined };

export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #memory: FrameMemory;
  /** Of the frame that comes in, as far as it is read. */
  #size = 0;
  /** Bytes of the size that are read. */
  #sizeRead = 0;
  /** undefined until its size is read. */
  #frame: Buffer | undefined;
  #bytes = 0;
  #isFirst = true;

  constructor(maxBytes: number, onFrame: (frame: Uint8Array) => void, memory = plainMemory) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
    this.#memory = memory;
  }

  /** The size of the frame whose beginning is here; 0 when there is none, or when its size is not here yet. */
  get announcedBytes(): number {
    return this.#sizeRead === sizeBytes ? this.#size : 0;
  }

  /** Takes what the socket gave. Frames get memory of their own: `chunk` may be written to again. */
  push(chunk: Buffer, length = chunk.length): FrameProblem | undefined {
    for (let at = 0; at < length; ) {
      if (this.#sizeRead < sizeBytes) {
        for (; this.#sizeRead < sizeBytes && at < length; at++, this.#sizeRead++) {
          this.#size = (this.#size << 8) | chunk[at]!;
        }
        if (this.#sizeRead < sizeBytes) return undefined;
        const problem = this.#refuse(this.#size);
        if (problem !== undefined) return problem;
      }
      const end = Math.min(length, at + this.#size - this.#bytes);
      this.#copy(chunk, at, end);
      at = end;
    }
    return undefined;
  }

  #copy(chunk: Buffer, start: number, end: number): void {
    const frame = this.#roomFor(this.#bytes + end - start);
    chunk.copy(frame, this.#bytes, start, end);
    this.#bytes += end - start;
    if (this.#bytes === this.#size) this.#end(frame);
  }

  #roomFor(bytes: number): Buffer {
    const frame = this.#frame;
    if (frame !== undefined && bytes <= frame.length) return frame;
    const room = Math.max(bytes, frame === undefined ? firstBytes : 4 * frame.length);
    const larger = this.#memory.take(Math.min(this.#size, room));
    if (frame !== undefined) {
      frame.copy(larger, 0, 0, this.#bytes);
      this.#memory.giveBack(frame);
    }
    this.#frame = larger;
    return larger;
  }

  #end(frame: Buffer): void {
    this.#frame = undefined;
    this.#bytes = 0;
    this.#size = 0;
    this.#sizeRead = 0;
    this.#onFrame(frame);
  }

  #refuse(size: number): FrameProblem | undefined {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (size >= 0 && size <= this.#maxBytes) return undefined;
    const name = isFirst ? protocolOf(size) : undefined;
    return name === undefined ? { kind: "size", size } : { kind: "protocol", name };
  }
}

const httpMethods = ["GET ", "POST", "HEAD", "PUT ", "OPTI", "DELE", "CONN", "TRAC", "PATC", "PRI "];

/** @param size what another protocol's first four bytes look like. */
function protocolOf(size: number): "TLS" | "HTTP" | undefined {
  if (size >>> 16 === 0x1603) return "TLS";
  const text = String.fromCharCode(size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff);
  return httpMethods.includes(text) ? "HTTP" : undefined;
}
