/**
 * Big-endian integers and zigzag varints as record batches hold them. An int64 is a number: exact up to 2^53, the
 * nearest double beyond; the bytes themselves always pass through untouched.
 */
import { RecordsError, type RecordsErrorReason } from "./errors.ts";

export function readInt16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

export function readInt64(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) * 0x1_0000_0000 + readUint32(bytes, at + 4);
}

export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** Takes int32 and uint32 alike. */
export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  writeInt32(bytes, at, high);
  writeInt32(bytes, at + 4, value - high * 0x1_0000_0000);
}

/** Bytes that `value` takes as a zigzag varint (int32) or varlong (int64). */
export function varintSize(value: number): number {
  if (value >= -64 && value < 64) return 1;
  let rest = (value < 0 ? -value - 1 : value) / 64;
  let size = 1;
  for (; rest >= 1; rest /= 128) size++;
  return size;
}

/** Writes `value` (int32 or int64) as a zigzag varint. @returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  if (value >= -64 && value < 64) {
    bytes[at] = (value << 1) ^ (value >> 31);
    return at + 1;
  }
  const negative = value < 0;
  const magnitude = negative ? -value - 1 : value;
  // The sign takes the lowest bit: it is kept apart so that no bit of a number near 2^53 is lost by doubling it.
  let low = (magnitude % 64) * 2 + (negative ? 1 : 0);
  let rest = Math.floor(magnitude / 64);
  while (rest > 0) {
    bytes[at++] = low | 0x80;
    low = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = low;
  return at;
}

/** Reads zigzag varints one after the other from bytes[at, end), and knows where it stands. */
export class VarintReader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** An int32 of at most 5 bytes. @throws {RecordsError} `invalid` at the end, `tooLong` when it is longer. */
  int32(tooLong: RecordsErrorReason = "invalid"): number {
    const first = this.#byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RecordsError(tooLong, "a varint of more than 5 bytes");
  }

  /** An int64 of at most 10 bytes. @throws {RecordsError} `invalid` */
  int64(): number {
    const first = this.#byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let half = (first & 0x7f) >>> 1; // without the sign in the lowest bit
    let more = true;
    for (let index = 1, unit = 64; more; index++, unit *= 128) {
      if (index === 10) throw new RecordsError("invalid", "a varlong of more than 10 bytes");
      const byte = this.#byte();
      half += (index === 9 ? byte & 1 : byte & 0x7f) * unit; // Java's shift keeps one bit of the tenth byte
      more = byte >= 0x80;
    }
    return (first & 1) === 0 ? half : -half - 1;
  }

  #byte(): number {
    if (this.at >= this.end) throw new RecordsError("invalid", "a varint runs past the end");
    return this.bytes[this.at++]!;
  }
}
