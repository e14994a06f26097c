/** Cuts a stream of bytes into frames: an int32 size, then so many bytes. */

export type FrameProblem =
  | { readonly kind: "size"; readonly size: number }
  /** Another protocol's first bytes, recognised. */
  | { readonly kind: "protocol"; readonly name: "TLS" | "HTTP" };

const sizeBytes = 4;

export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #take: (bytes: number) => Buffer;
  /** Of the frame that comes in, as far as it is read. */
  #size = 0;
  /** Bytes of the size that are read. */
  #sizeRead = 0;
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
    return this.#sizeRead === sizeBytes ? this.#size : 0;
  }

  /**
   * Takes what the socket gave. Frames that lie whole in it are views of it. Nothing is allocated for a frame before
   * its bytes are here, whatever its size says.
   */
  push(chunk: Buffer): FrameProblem | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#sizeRead < sizeBytes) {
        for (; this.#sizeRead < sizeBytes && at < chunk.length; at++, this.#sizeRead++) {
          this.#size = (this.#size << 8) | chunk[at]!;
        }
        if (this.#sizeRead < sizeBytes) return undefined;
        const problem = this.#refuse(this.#size);
        if (problem !== undefined) return problem;
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
    this.#size = 0;
    this.#sizeRead = 0;
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
