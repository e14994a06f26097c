/**
 * The stream format of snappy-java, which Kafka's clients speak: a header, then blocks of 32 KiB, each with its length.
 * A single raw block without the header is read too (librdkafka once wrote it).
 */
import { CompressionError } from "../protocol/platform.ts";

const magic = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00); // "\x82SNAPPY\0"
/** The magic, the version and the oldest version that can read it: both 1. */
const header = Uint8Array.of(...magic, 0, 0, 0, 1, 0, 0, 0, 1);
const blockBytes = 32 * 1024;
/** A copy of 64 bytes takes 3: no block can grow more than this, so a larger claim is false. */
const greatestGrowth = 22;

export function compressSnappy(bytes: Uint8Array, compressBlock: (block: Uint8Array) => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [header];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = compressBlock(bytes.subarray(at, at + blockBytes));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** @throws {CompressionError} when the bytes are damaged or take more than `maxBytes`. */
export function decompressSnappy(
  bytes: Uint8Array,
  maxBytes: number,
  decompressBlock: (block: Uint8Array) => Uint8Array,
): Uint8Array {
  let left = maxBytes;
  const parts: Uint8Array[] = [];
  for (const block of hasMagic(bytes, 0) ? blocksOf(bytes) : [bytes]) {
    left -= claimedBytes(block);
    if (left < 0) throw new CompressionError(`snappy: more than ${maxBytes} bytes`);
    parts.push(decompressBlock(block));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function hasMagic(bytes: Uint8Array, at: number): boolean {
  return at + header.length <= bytes.length && magic.every((byte, index) => bytes[at + index] === byte);
}

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = header.length; at < bytes.length; ) {
    if (hasMagic(bytes, at)) {
      at += header.length; // another stream, joined to the first
      continue;
    }
    if (at + 4 > bytes.length) throw new CompressionError("snappy: cut within the length of a block");
    const length = view.getInt32(at);
    at += 4;
    if (length < 0 || length > bytes.length - at) {
      throw new CompressionError(`snappy: a block of ${length} bytes where ${bytes.length - at} are left`);
    }
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** The size that a block says it will have, read before anything is allocated for it. */
function claimedBytes(block: Uint8Array): number {
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if (size > block.length * greatestGrowth) {
      throw new CompressionError(`snappy: a block of ${block.length} bytes claims to hold ${size}`);
    }
    return size;
  }
  throw new CompressionError("snappy: a block without its size");
}
