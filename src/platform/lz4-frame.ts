/**
 * Walks over an LZ4 frame without decompressing it: that it is one that Kafka's clients can read, where it ends, and
 * what it can grow to at most. The native package checks none of this before it allocates.
 */
import { CompressionError } from "../protocol/platform.ts";

const frameMagic = 0x184d2204;
const flag = {
  version: 0xc0,
  version1: 0x40,
  independent: 0x20,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
};
const uncompressed = 0x8000_0000;
/** A byte of a match's length stands for 255 bytes: no block can grow more than this. */
const greatestGrowth = 255;

/**
 * @returns the frame; bytes behind it are ignored, as Kafka's reader does.
 * @throws {CompressionError} when it is damaged, of a kind Kafka does not read, or may grow beyond `maxBytes`.
 */
export function checkLz4Frame(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== frameMagic) throw new CompressionError("lz4: not a frame");
  const flags = bytes[4]!;
  if ((flags & flag.version) !== flag.version1) throw new CompressionError("lz4: not version 1 of the frame format");
  if ((flags & flag.independent) === 0) throw new CompressionError("lz4: blocks that depend on each other");
  const blockSizeId = (bytes[5]! >> 4) & 7;
  if (blockSizeId < 4) throw new CompressionError(`lz4: block size id ${blockSizeId}`);
  const maxBlockBytes = 1 << (2 * blockSizeId + 8);

  let at = 7 + ((flags & flag.contentSize) === 0 ? 0 : 8);
  for (let mayGrowTo = 0; ; ) {
    if (at + 4 > bytes.length) throw new CompressionError("lz4: cut before the end of the frame");
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~uncompressed;
    if (length > maxBlockBytes || length > bytes.length - at) {
      throw new CompressionError(`lz4: a block of ${length} bytes where ${bytes.length - at} are left`);
    }
    mayGrowTo += word >= uncompressed ? length : Math.min(maxBlockBytes, length * greatestGrowth);
    if (mayGrowTo > maxBytes) throw new CompressionError(`lz4: may grow to more than ${maxBytes} bytes`);
    at += length + ((flags & flag.blockChecksum) === 0 ? 0 : 4);
  }
  at += (flags & flag.contentChecksum) === 0 ? 0 : 4;
  if (at > bytes.length) throw new CompressionError("lz4: cut within the checksum");
  return bytes.subarray(0, at);
}
