/**
 * What encoders, generated and interpreted, write into. Messages are laid one after another into slabs, so that a small
 * message costs a view and no buffer of its own; a slab is never written twice at the same place.
 */
import { ProtocolError } from "./protocol-error.ts";
import { maxStringBytes } from "./reader.ts";
import { utf8 } from "./utf8.ts";
import { writeUuid } from "./uuid.ts";

const slabBytes = 16_384;
/** A slab that grew beyond this is given away with its message. */
const keptSlabBytes = 65_536;
/** Record batches from this size on go out as they are instead of being copied. */
const uncopiedBytes = 1024;

/** One for the process: encoding is synchronous and calls nothing that encodes. */
export class Writer {
  bytes: Uint8Array = new Uint8Array(slabBytes);
  /** Where the message (or its part after the last uncopied piece) begins in the slab. */
  start = 0;
  /** Where to write on, after `room` or `records` may have moved the message. */
  at = 0;
  #pieces: Uint8Array[] = [];

  /** @returns where to write the first byte. */
  begin(): number {
    if (this.#pieces.length > 0) this.#pieces = []; // of a message that could not be encoded
    this.at = this.start;
    return this.start;
  }

  /** Moves the message where `needed` more bytes fit after `at`; the place to go on is in `this.at`. */
  room(at: number, needed: number): Uint8Array {
    const used = at - this.start;
    const larger = new Uint8Array(Math.max(slabBytes, 2 * (used + needed)));
    larger.set(this.bytes.subarray(this.start, at));
    this.bytes = larger;
    this.start = 0;
    this.at = used;
    return larger;
  }

  /** Appends record batches; a large one becomes a piece of its own. */
  records(at: number, value: Uint8Array | readonly Uint8Array[]): void {
    this.at = at;
    if (value instanceof Uint8Array) this.#append(value);
    else for (const piece of value) this.#append(piece);
  }

  #append(piece: Uint8Array): void {
    if (piece.length >= uncopiedBytes) {
      this.#cut(this.at);
      this.#pieces.push(piece);
      return;
    }
    if (this.at + piece.length > this.bytes.length) this.room(this.at, piece.length);
    this.bytes.set(piece, this.at);
    this.at += piece.length;
  }

  #cut(at: number): void {
    if (at > this.start) this.#pieces.push(new Uint8Array(this.bytes.buffer, this.start, at - this.start));
    this.start = at;
  }

  /** Puts the size before a tagged field whose one byte for it was left at `start + mark`. @returns where to go on. */
  closeTag(mark: number, end: number): number {
    let at = end;
    const size = at - this.start - mark - 1;
    if (size > 127) {
      const extra = size < 1 << 14 ? 1 : size < 1 << 21 ? 2 : size < 1 << 28 ? 3 : 4;
      if (at + extra > this.bytes.length) {
        this.room(at, extra);
        at = this.at;
      }
      const from = this.start + mark + 1;
      this.bytes.copyWithin(from + extra, from, at);
      at += extra;
    }
    writeUnsignedVarint(this.bytes, this.start + mark, size);
    this.at = at;
    return at;
  }

  /** Ends the message. @returns its pieces, at least one. */
  finish(at: number): Uint8Array[] {
    const pieces = this.#pieces;
    const rest = new Uint8Array(this.bytes.buffer, this.start, at - this.start);
    this.start = at;
    if (pieces.length > 0) this.#pieces = [];
    if (this.bytes.length > keptSlabBytes) {
      this.bytes = new Uint8Array(slabBytes);
      this.start = 0;
    }
    if (pieces.length === 0) return [rest];
    if (rest.length > 0) pieces.push(rest);
    return pieces;
  }
}

/** Writes it in as few bytes as it takes. @returns where to go on. */
export function writeUnsignedVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest > 127) {
    bytes[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[to++] = rest;
  return to;
}

/** int16 length and text. Room for 2 + 3 × text.length bytes is the caller's affair. */
export function writeText(bytes: Uint8Array, at: number, text: string, what: string): number {
  const length = writeCharacters(bytes, at + 2, text, what);
  bytes[at] = length >> 8;
  bytes[at + 1] = length;
  return at + 2 + length;
}

/** Compact form: an unsigned varint of length + 1, and text. Room for 3 + 3 × text.length bytes. */
export function writeCompactText(bytes: Uint8Array, at: number, text: string, what: string): number {
  if (text.length === 0) {
    bytes[at] = 1;
    return at + 1;
  }
  const guess = text.length < 127 ? 1 : text.length < 16_383 ? 2 : 3; // right if all characters are ASCII
  const length = writeCharacters(bytes, at + guess, text, what);
  const width = length < 127 ? 1 : length < 16_383 ? 2 : 3;
  if (width !== guess) bytes.copyWithin(at + width, at + guess, at + guess + length);
  writeUnsignedVarint(bytes, at, length + 1);
  return at + width + length;
}

function writeCharacters(bytes: Uint8Array, at: number, text: string, what: string): number {
  if (text.length === 0) return 0;
  const length = text.length > maxStringBytes ? text.length : utf8.utf8Write(text, bytes, at);
  if (length <= maxStringBytes) return length;
  throw new ProtocolError("too large", `${what}: a string of more than ${maxStringBytes} bytes`);
}

export function writeInt64(bytes: Uint8Array, at: number, value: number | bigint, what: string): void {
  if (typeof value === "bigint") {
    if (value !== BigInt.asIntN(64, value)) throw badValue(what, value);
    new DataView(bytes.buffer, bytes.byteOffset + at, 8).setBigInt64(0, value);
    return;
  }
  let low = value | 0;
  let high = low >> 31;
  if (low !== value) {
    if (Math.floor(value) !== value || value < -(2 ** 63) || value > 2 ** 63) throw badValue(what, value);
    high = Math.floor(value / 4294967296);
    if (high === 2 ** 31) {
      high = 0x7fffffff; // 2^63 stands for Long.MAX_VALUE, the nearest integer that fits
      low = -1;
    }
  }
  bytes[at] = high >> 24;
  bytes[at + 1] = high >> 16;
  bytes[at + 2] = high >> 8;
  bytes[at + 3] = high;
  bytes[at + 4] = low >> 24;
  bytes[at + 5] = low >> 16;
  bytes[at + 6] = low >> 8;
  bytes[at + 7] = low;
}

export function writeFloat64(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset + at, 8).setFloat64(0, value);
}

export function writeUuidText(bytes: Uint8Array, at: number, value: string, what: string): void {
  if (!writeUuid(value, bytes, at)) throw badValue(what, value);
}

export function sizeOfRecords(value: Uint8Array | readonly Uint8Array[], what: string): number {
  if (value instanceof Uint8Array) return value.length;
  if (!Array.isArray(value)) throw badValue(what, value);
  return value.reduce((sum, piece) => sum + piece.length, 0);
}

export function badValue(what: string, value: unknown): ProtocolError {
  const shown = typeof value === "object" && value !== null ? "an object" : String(value);
  return new ProtocolError("invalid value", `${what}: ${shown.slice(0, 100)}`);
}

export function unsupportedField(what: string): ProtocolError {
  return new ProtocolError("unsupported field", `${what}: not in this version, and its value may not be dropped`);
}

/** Tagged fields that no schema knows, as they were read. */
export function writeUnknownTags(
  writer: Writer,
  at: number,
  fields: readonly { readonly tag: number; readonly data: Uint8Array }[],
): number {
  let to = at;
  for (const { tag, data } of fields) {
    if (to + 10 + data.length > writer.bytes.length) {
      writer.room(to, 10 + data.length);
      to = writer.at;
    }
    to = writeUnsignedVarint(writer.bytes, to, tag);
    to = writeUnsignedVarint(writer.bytes, to, data.length);
    writer.bytes.set(data, to);
    to += data.length;
  }
  return to;
}
