/** What decoders, generated and interpreted, read by. */
import { ProtocolError } from "./protocol-error.ts";
import { utf8 } from "./utf8.ts";

/** Where the last variable-length read ended: a second return value without an object for it. */
export const cursor = { at: 0 };

/** Longest string that Kafka reads or writes, in bytes of UTF-8. */
export const maxStringBytes = 0x7fff;

/** An unsigned varint of at most 32 bits at `at`; its end is in `cursor.at`. */
export function readUnsignedVarint(bytes: Uint8Array, at: number, what: string): number {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    if (at + i >= bytes.length) throw truncated(bytes, at, what, i + 1);
    const byte = bytes[at + i]!;
    if (i === 4 && byte > 0x0f) break;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      cursor.at = at + i + 1;
      return value >>> 0;
    }
  }
  throw new ProtocolError("invalid varint", `${what}: more than 32 bits in the varint at byte ${at}`);
}

/**
 * Texts that were read lately, each in a place that its bytes tell: the names of groups, topics and clients come again
 * and again, and to make a string anew, and to find it in a map, costs more than to look whether it is the same.
 */
const known = new Array<string>(256).fill("");
/** Member ids are longer: there are too many of them, each would only drive out another text. */
const longestKnown = 36;

export function readText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return "";
  if (length > longestKnown) return utf8.utf8Decode(bytes, start, end);
  let hash = length;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  const slot = (hash ^ (hash >>> 16)) & (known.length - 1);
  const text = known[slot]!;
  if (isText(text, bytes, start, length)) return text;
  const read = utf8.utf8Decode(bytes, start, end);
  known[slot] = read;
  return read;
}

/** Of ASCII only. */
function isText(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at++) {
    const byte = bytes[start + at]!;
    if (byte > 0x7f || byte !== text.charCodeAt(at)) return false;
  }
  return true;
}

export function readInt64(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const low = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
  return high * 4294967296 + (low >>> 0);
}

export function readBigInt64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0);
}

export function readFloat64(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0);
}

/** A view of bytes[start, end). A plain Uint8Array also where the frame is a Buffer. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

export function truncated(bytes: Uint8Array, at: number, what: string, needed: number): ProtocolError {
  const remaining = bytes.length - at;
  return new ProtocolError("truncated", `${what}: ${needed} bytes needed at byte ${at}, ${remaining} remain`);
}

/** Why a length that is not between 0 and what remains is refused. */
export function badLength(bytes: Uint8Array, at: number, what: string, length: number): ProtocolError {
  if (length < 0)
    return new ProtocolError("negative length", `${what}: may not be null (length ${length} before byte ${at})`);
  return new ProtocolError(
    "too large",
    `${what}: length ${length} before byte ${at}, ${bytes.length - at} bytes remain`,
  );
}

/** The message would take more memory than its size allows (memory-bound.ts). */
export function tooMuchMemory(at: number, what: string): ProtocolError {
  return new ProtocolError("too large", `${what}: too many elements for a message of this size, at byte ${at}`);
}
