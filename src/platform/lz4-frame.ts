/**
 * Walks over an LZ4 frame without decompressing it: that it is one that Kafka's clients can read, where it ends, and
 * how large it gets. The native package checks none of this before it allocates.
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
} as const;
const storedBit = 0x8000_0000;
/** A byte of a match's length stands for 255 bytes: no block can grow more than this. */
const greatestGrowth = 255;

interface Block {
  readonly at: number;
  readonly length: number;
  /** Held as it is, not compressed. */
  readonly stored: boolean;
}

/**
 * @returns the frame; bytes behind it are ignored, as Kafka's reader does.
 * @throws {CompressionError} when it is damaged, of a kind Kafka does not read, or grows beyond `maxBytes`.
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

  const { blocks, end } = blocksOf(view, flags, maxBlockBytes);
  const atMost = (block: Block): number =>
    block.stored ? block.length : Math.min(maxBlockBytes, block.length * greatestGrowth);
  // The bound costs nothing and nearly always suffices; only where it does not, the blocks are measured.
  if (sum(blocks, atMost) > maxBytes && sum(blocks, (block) => unpackedBytes(bytes, block)) > maxBytes) {
    throw new CompressionError(`lz4: more than ${maxBytes} bytes`);
  }
  return bytes.subarray(0, end);
}

function blocksOf(view: DataView, flags: number, maxBlockBytes: number): { blocks: Block[]; end: number } {
  const blocks: Block[] = [];
  let at = 7 + ((flags & flag.contentSize) === 0 ? 0 : 8);
  for (;;) {
    if (at + 4 > view.byteLength) throw new CompressionError("lz4: cut before the end of the frame");
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~storedBit;
    if (length > maxBlockBytes || length > view.byteLength - at) {
      throw new CompressionError(`lz4: a block of ${length} bytes where ${view.byteLength - at} are left`);
    }
    blocks.push({ at, length, stored: word >= storedBit });
    at += length + ((flags & flag.blockChecksum) === 0 ? 0 : 4);
  }
  const end = at + ((flags & flag.contentChecksum) === 0 ? 0 : 4);
  if (end > view.byteLength) throw new CompressionError("lz4: cut within the checksum");
  return { blocks, end };
}

function sum(blocks: readonly Block[], size: (block: Block) => number): number {
  return blocks.reduce((total, block) => total + size(block), 0);
}

/** The size of a block's content, by adding up literals and matches; of a damaged one, as far as it goes. */
function unpackedBytes(bytes: Uint8Array, { at: start, length, stored }: Block): number {
  if (stored) return length;
  const end = start + length;
  let at = start;
  let total = 0;
  const count = (first: number): number => {
    let size = first;
    if (first === 15) {
      for (let more = 255; more === 255 && at < end; ) {
        more = bytes[at++]!;
        size += more;
      }
    }
    return size;
  };
  while (at < end) {
    const token = bytes[at++]!;
    const literals = count(token >> 4);
    total += literals;
    at += literals;
    if (at >= end) break; // the last sequence of a block has no match
    at += 2; // how far back the match lies
    total += 4 + count(token & 15);
  }
  return total;
}
