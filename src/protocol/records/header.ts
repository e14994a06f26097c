/** The header of a record batch of format 2, read and patched where it lies. */
import { type CompressionType, compressionCodecs, type Platform } from "../platform.ts";
import { RecordsError } from "./errors.ts";
import { readInt16, readInt32, readInt64, readUint32, writeInt32, writeInt64 } from "./integers.ts";

/** Where each field of the header lies, from the first byte of the batch (KIP-98). */
export const position = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bytes of offset and length, which stand before every batch and message and are not counted in its length. */
export const logOverheadBytes = 12;
/** Bytes of a batch of format 2 without any record. */
export const batchHeaderBytes = position.records;

const smallestMessageBytes = 14; // of format 0, without offset and length: no format has less
const bytesUpToMagic = position.magic + 1;

export const attribute = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
} as const;

export type TimestampType = "CreateTime" | "LogAppendTime";

const greatestSequence = 0x7fff_ffff;

/** The sequence number `by` after `sequence`: 0 follows 2147483647; -1 (no sequence) stays. */
export function incrementSequence(sequence: number, by: number): number {
  if (sequence < 0) return sequence;
  const next = sequence + by;
  return next > greatestSequence ? next - greatestSequence - 1 : next;
}

/**
 * One batch in a buffer, not copied: every getter reads the bytes. In formats 0 and 1 (`magic`) only `baseOffset`,
 * `batchLength`, `sizeInBytes`, `magic` and `end` mean anything; `legacy.ts` reads those.
 */
export class BatchView {
  readonly bytes: Uint8Array;
  /** Position of the batch's first byte in `bytes`. */
  readonly at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get baseOffset(): number {
    return readInt64(this.bytes, this.at);
  }
  get batchLength(): number {
    return readInt32(this.bytes, this.at + position.batchLength);
  }
  /** The whole batch, with the 12 bytes of offset and length. */
  get sizeInBytes(): number {
    return this.batchLength + logOverheadBytes;
  }
  /** Position behind the batch in `bytes`. */
  get end(): number {
    return this.at + this.sizeInBytes;
  }
  get partitionLeaderEpoch(): number {
    return readInt32(this.bytes, this.at + position.partitionLeaderEpoch);
  }
  get magic(): number {
    return (this.bytes[this.at + position.magic]! << 24) >> 24;
  }
  get crc(): number {
    return readUint32(this.bytes, this.at + position.crc);
  }
  get attributes(): number {
    return readInt16(this.bytes, this.at + position.attributes);
  }
  /** @throws {RecordsError} `compression-type` for ids 5 to 7. */
  get compression(): CompressionType {
    return compressionType(this.attributes);
  }
  get timestampType(): TimestampType {
    return (this.attributes & attribute.logAppendTime) === 0 ? "CreateTime" : "LogAppendTime";
  }
  get transactional(): boolean {
    return (this.attributes & attribute.transactional) !== 0;
  }
  get control(): boolean {
    return (this.attributes & attribute.control) !== 0;
  }
  get hasDeleteHorizon(): boolean {
    return (this.attributes & attribute.deleteHorizon) !== 0;
  }
  /** When a compacted batch may lose its tombstones and markers (KIP-534); it takes the place of the base timestamp. */
  get deleteHorizonMs(): number {
    return this.hasDeleteHorizon ? this.baseTimestamp : -1;
  }
  get lastOffsetDelta(): number {
    return readInt32(this.bytes, this.at + position.lastOffsetDelta);
  }
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }
  get baseTimestamp(): number {
    return readInt64(this.bytes, this.at + position.baseTimestamp);
  }
  get maxTimestamp(): number {
    return readInt64(this.bytes, this.at + position.maxTimestamp);
  }
  get producerId(): number {
    return readInt64(this.bytes, this.at + position.producerId);
  }
  get producerEpoch(): number {
    return readInt16(this.bytes, this.at + position.producerEpoch);
  }
  get baseSequence(): number {
    return readInt32(this.bytes, this.at + position.baseSequence);
  }
  get lastSequence(): number {
    return incrementSequence(this.baseSequence, this.lastOffsetDelta);
  }
  get count(): number {
    return readInt32(this.bytes, this.at + position.count);
  }
}

export function compressionType(attributes: number): CompressionType {
  const id = attributes & attribute.compression;
  const type = compressionCodecs[id];
  if (type === undefined) throw new RecordsError("compression-type", `no compression type has the id ${id}`);
  return type;
}

/**
 * The whole batches in bytes[start, end), of formats 0 to 2; an incomplete one at the end is ignored, as a reader of a
 * fetch answer must. The view's `end` tells how far the last one reached.
 * @throws {RecordsError} `corrupt` on a length or a magic that no format has.
 */
export function* batches(bytes: Uint8Array, start = 0, end = bytes.length): Generator<BatchView, void, undefined> {
  for (let at = start; ; ) {
    const size = nextBatchSize(bytes, at, end);
    if (size === undefined || size > end - at) return;
    yield new BatchView(bytes, at);
    at += size;
  }
}

/** Size of the batch that starts at `at`, as far as its first bytes tell. @throws as {@link batches}. */
export function nextBatchSize(bytes: Uint8Array, at: number, end = bytes.length): number | undefined {
  if (end - at < logOverheadBytes) return undefined;
  const length = readInt32(bytes, at + position.batchLength);
  if (length < smallestMessageBytes)
    throw new RecordsError("corrupt", `a batch of ${length} bytes: less than any format has`);
  if (end - at < bytesUpToMagic) return undefined;
  const magic = (bytes[at + position.magic]! << 24) >> 24;
  if (magic < 0 || magic > 2) throw new RecordsError("corrupt", `magic ${magic}: only formats 0, 1 and 2 are known`);
  return length + logOverheadBytes;
}

/** Is it a batch of format 2 whose checksum (over everything from the attributes on) fits? */
export function verifyCrc(batch: BatchView, platform: Platform): boolean {
  if (batch.magic !== 2 || batch.sizeInBytes < batchHeaderBytes) return false;
  return platform.crc32c(batch.bytes, batch.at + position.attributes, batch.end) === batch.crc;
}

/** Writes the base offset in place; it lies outside the checksum. */
export function setBaseOffset(batch: BatchView, baseOffset: number): void {
  writeInt64(batch.bytes, batch.at + position.baseOffset, baseOffset);
}

/** Writes the partition leader epoch in place; it lies outside the checksum. */
export function setLeaderEpoch(batch: BatchView, leaderEpoch: number): void {
  writeInt32(batch.bytes, batch.at + position.partitionLeaderEpoch, leaderEpoch);
}
