/** Cuts what a broker sends into frames: an int32 size, then so many bytes. */

import { ClientConfigError } from "./errors.ts";

/** More than any broker sends; "HTTP" read as a size is beyond it. */
const maxFrameBytes = 0x40000000;
const sizeBytes = 4;

export class ResponseFrames {
  readonly #onFrame: (frame: Uint8Array) => void;
  /** A frame that is larger than what came at once: room for all of it, filled so far. */
  #frame: Uint8Array | undefined;
  #filled = 0;
  /** The beginning of a size. */
  #rest: Uint8Array | undefined;

  constructor(onFrame: (frame: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** Frames that lie whole in the chunk are views of it, others are gathered apart. @throws {ClientConfigError} */
  push(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    let at = this.#frame === undefined ? 0 : this.#fill(this.#frame, bytes);
    while (bytes.length - at >= sizeBytes) {
      const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (size < 0 || size > maxFrameBytes || (bytes[at] === 0x15 && bytes[at + 1] === 3)) throw notKafka(bytes, at);
      const start = at + sizeBytes;
      if (start + size > bytes.length) {
        this.#frame = Buffer.allocUnsafeSlow(size);
        this.#filled = 0;
        this.#fill(this.#frame, bytes.subarray(start));
        return;
      }
      at = start + size;
      this.#onFrame(bytes.subarray(start, at));
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  /** @returns how many bytes it took. */
  #fill(frame: Uint8Array, bytes: Uint8Array): number {
    const taken = Math.min(frame.length - this.#filled, bytes.length);
    frame.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#onFrame(frame);
    }
    return taken;
  }
}

/** TLS alerts begin with 0x15 0x03: as a size, 352 million. Trying again cannot help. */
function notKafka(bytes: Uint8Array, at: number): ClientConfigError {
  const first = Buffer.from(bytes.subarray(at, at + 4));
  if (first[0] === 0x15)
    return new ClientConfigError("the port speaks TLS", "set security.protocol to SSL or SASL_SSL");
  const spoken = first.toString("latin1") === "HTTP" ? "HTTP" : `something else (0x${first.toString("hex")})`;
  return new ClientConfigError(`the port speaks ${spoken}, not Kafka's protocol`, "check bootstrap.servers");
}
