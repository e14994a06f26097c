/** Cuts a stream of bytes into frames: an int32 size, then so many bytes. */

export type FrameProblem =
  | { readonly kind: "size"; readonly size: number }
  /** Another protocol's first bytes, recognised. */
  | { readonly kind: "protocol"; readonly name: "TLS" | "HTTP" };

const sizeBytes = 4;
const nothing = Buffer.alloc(0);

export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #take: (bytes: number) => Buffer;
  /** Of a size that is not whole. */
  #head: Buffer = nothing;
  /** Of the frame that comes in; -1 until it is known. */
  #size = -1;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isFirst = true;

  /** @param take memory for a frame that does not lie whole in what the socket gave. */
  constructor(
    maxBytes: number,
    onFrame: (frame: Uint8Array) => void,
    take: (bytes: number) => Buffer = Buffer.allocUnsafe,
  ) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
    this.#take = take;
  }

  /** The size of the frame whose beginning is here; 0 when there is none, or when its size is not here yet. */
  get announcedBytes(): number {
    return Math.max(0, this.#size);
  }

  /**
   * Takes what the socket gave. Frames that lie whole in it are views of it. Nothing is allocated for a frame before
   * its bytes are here, whatever its size says.
   */
  push(chunk: Buffer): FrameProblem | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#size === -1) {
        const head = chunk.subarray(at, at + sizeBytes - this.#head.length);
        at += head.length;
        this.#head = this.#head.length === 0 ? head : Buffer.concat([this.#head, head]);
        if (this.#head.length < sizeBytes) return undefined;
        const size = this.#head.readInt32BE(0);
        const problem = this.#refuse(size, this.#head);
        if (problem !== undefined) return problem;
        this.#size = size;
        this.#head = nothing;
      }
      const piece = chunk.subarray(at, at + this.#size - this.#bytes);
      at += piece.length;
      this.#pushPiece(piece);
    }
    return undefined;
  }

  #pushPiece(piece: Buffer): void {
    this.#bytes += piece.length;
    const isWhole = this.#bytes === this.#size;
    if (isWhole && this.#pieces.length === 0) return this.#end(piece);
    this.#pieces.push(piece);
    if (isWhole) this.#end(this.#joined());
  }

  #end(frame: Buffer): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#size = -1;
    this.#onFrame(frame);
  }

  #joined(): Buffer {
    const frame = this.#take(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      frame.set(piece, at);
      at += piece.length;
    }
    return frame;
  }

  #refuse(size: number, bytes: Buffer): FrameProblem | undefined {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (size >= 0 && size <= this.#maxBytes) return undefined;
    const name = isFirst ? protocolOf(bytes) : undefined;
    return name === undefined ? { kind: "size", size } : { kind: "protocol", name };
  }
}

const httpMethods = ["GET ", "POST", "HEAD", "PUT ", "OPTI", "DELE", "CONN", "TRAC", "PATC", "PRI "];

function protocolOf(bytes: Buffer): "TLS" | "HTTP" | undefined {
  if (bytes[0] === 0x16 && bytes[1] === 3) return "TLS";
  return httpMethods.includes(bytes.toString("latin1", 0, 4)) ? "HTTP" : undefined;
}
