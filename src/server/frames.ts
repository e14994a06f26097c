/** Cuts a stream of bytes into frames: an int32 size, then so many bytes. */

export type FrameProblem =
  | { readonly kind: "size"; readonly size: number }
  /** Another protocol's first bytes, recognised. */
  | { readonly kind: "protocol"; readonly name: "TLS" | "HTTP" };

const sizeBytes = 4;

export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #announcedBytes = 0;
  #isFirst = true;

  constructor(maxBytes: number, onFrame: (frame: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
  }

  /** The size of the frame whose beginning is here; 0 when there is none, or when its size is not here yet. */
  get announcedBytes(): number {
    return this.#announcedBytes;
  }

  /**
   * Takes what the socket gave. Frames that lie whole in it are views of it. Nothing is allocated for a frame before
   * its bytes are here, whatever its size says.
   */
  push(chunk: Buffer): FrameProblem | undefined {
    if (this.#bytes > 0) return this.#pushOnto(chunk);
    this.#announcedBytes = 0;
    let at = 0;
    while (chunk.length - at >= sizeBytes) {
      const size = chunk.readInt32BE(at);
      const problem = this.#refuse(size, chunk.subarray(at));
      if (problem !== undefined) return problem;
      const end = at + sizeBytes + size;
      if (end > chunk.length) {
        this.#announcedBytes = size;
        break;
      }
      this.#onFrame(chunk.subarray(at + sizeBytes, end));
      at = end;
    }
    if (at < chunk.length) this.#keep(at === 0 ? chunk : chunk.subarray(at));
    return undefined;
  }

  #pushOnto(chunk: Buffer): FrameProblem | undefined {
    this.#keep(chunk);
    if (this.#bytes < sizeBytes) return undefined;
    const [first] = this.#pieces;
    if (first!.length < sizeBytes) this.#join();
    const size = this.#pieces[0]!.readInt32BE(0);
    const problem = this.#refuse(size, this.#pieces[0]!);
    if (problem !== undefined) return problem;
    this.#announcedBytes = size;
    if (this.#bytes < sizeBytes + size) return undefined;
    const whole = this.#join();
    this.#pieces = [];
    this.#bytes = 0;
    return this.push(whole);
  }

  #keep(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
  }

  #join(): Buffer {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
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
