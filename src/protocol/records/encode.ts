/** Writes batches of format 2. */
import { type CompressionType, compressionCodecs, type Platform } from "../platform.ts";
import type { RecordHeader } from "./decode.ts";
import { attribute, batchHeaderBytes, logOverheadBytes, position, type TimestampType } from "./header.ts";
import { varintSize, writeInt16, writeInt32, writeInt64, writeVarint } from "./integers.ts";

export interface NewRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds; -1 is none. */
  readonly timestamp: number;
  readonly headers?: readonly RecordHeader[];
  /** Default: one after the record before, from the base offset on. Compaction leaves gaps. */
  readonly offset?: number;
}

export interface NewBatch {
  readonly records: readonly NewRecord[];
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly compression?: CompressionType;
  readonly timestampType?: TimestampType;
  /** Default: the largest of the records. With LogAppendTime it is the timestamp of them all. */
  readonly maxTimestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** Default: the offset of the last record. Compaction keeps that of the batch it came from. */
  readonly lastOffset?: number;
  /** KIP-534: from then on compaction may drop the tombstones and markers of this batch. */
  readonly deleteHorizonMs?: number;
}

/**
 * The bytes of a batch, with its checksum.
 * @param scratch where an uncompressed one is laid if it fits, for those who have done with it before the next.
 * @throws {CompressionError} when the codec is not to be had.
 */
export function encodeBatch(batch: NewBatch, platform: Platform, scratch?: Uint8Array): Uint8Array {
  const { records, baseOffset = 0, compression = "none" } = batch;
  const baseTimestamp = batch.deleteHorizonMs ?? records[0]?.timestamp ?? -1;
  const recordSizes: number[] = [];
  let recordsBytes = 0;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    const size = recordSize(record, (record.offset ?? baseOffset + index) - baseOffset, baseTimestamp, platform);
    recordSizes.push(size);
    recordsBytes += varintSize(size) + size;
  }
  const size = batchHeaderBytes + recordsBytes;
  let bytes = scratch !== undefined && size <= scratch.length ? scratch.subarray(0, size) : new Uint8Array(size);
  let at: number = position.records;
  let lastOffset = baseOffset - 1;
  let maxTimestamp = -1;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    lastOffset = record.offset ?? baseOffset + index;
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp;
    at = writeVarint(bytes, at, recordSizes[index]!);
    at = writeRecord(bytes, at, record, lastOffset - baseOffset, baseTimestamp, platform);
  }
  if (compression !== "none") bytes = compressed(bytes, compression, platform);
  writeHeader(bytes, batch, {
    lastOffsetDelta: (batch.lastOffset ?? lastOffset) - baseOffset,
    baseTimestamp,
    maxTimestamp: batch.maxTimestamp ?? maxTimestamp,
  });
  writeInt32(bytes, position.crc, platform.crc32c(bytes, position.attributes, bytes.length));
  return bytes;
}

function recordSize(record: NewRecord, offsetDelta: number, baseTimestamp: number, platform: Platform): number {
  let size = 1 + varintSize(record.timestamp - baseTimestamp) + varintSize(offsetDelta);
  size += bytesSize(record.key) + bytesSize(record.value);
  const { headers } = record;
  if (headers === undefined || headers.length === 0) return size + 1;
  size += varintSize(headers.length);
  for (const header of headers) {
    const keyBytes = platform.utf8Length(header.key);
    size += varintSize(keyBytes) + keyBytes + bytesSize(header.value);
  }
  return size;
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function writeRecord(
  into: Uint8Array,
  from: number,
  record: NewRecord,
  offsetDelta: number,
  baseTimestamp: number,
  platform: Platform,
): number {
  let at = from;
  into[at++] = 0; // attributes: none are in use
  at = writeVarint(into, at, record.timestamp - baseTimestamp);
  at = writeVarint(into, at, offsetDelta);
  at = writeBytes(into, at, record.key);
  at = writeBytes(into, at, record.value);
  const { headers } = record;
  at = writeVarint(into, at, headers?.length ?? 0);
  if (headers === undefined) return at;
  for (const header of headers) {
    at = writeVarint(into, at, platform.utf8Length(header.key));
    at += platform.utf8Write(header.key, into, at);
    at = writeBytes(into, at, header.value);
  }
  return at;
}

/** Up to so many bytes a loop is faster than `set`. */
const copiedInPlace = 32;

function writeBytes(into: Uint8Array, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(into, at, -1);
  const { length } = bytes;
  const start = writeVarint(into, at, length);
  if (length > copiedInPlace) into.set(bytes, start);
  else for (let index = 0; index < length; index++) into[start + index] = bytes[index]!;
  return start + length;
}

/** The same batch with its records compressed; the header is still to be written. */
function compressed(plain: Uint8Array, codec: Exclude<CompressionType, "none">, platform: Platform): Uint8Array {
  const records = platform.compress(codec, plain.subarray(position.records));
  const bytes = new Uint8Array(batchHeaderBytes + records.length);
  bytes.set(records, position.records);
  return bytes;
}

interface Measured {
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
}

function writeHeader(bytes: Uint8Array, batch: NewBatch, measured: Measured): void {
  writeInt64(bytes, position.baseOffset, batch.baseOffset ?? 0);
  writeInt32(bytes, position.batchLength, bytes.length - logOverheadBytes);
  writeInt32(bytes, position.partitionLeaderEpoch, batch.leaderEpoch ?? -1);
  bytes[position.magic] = 2;
  writeInt16(bytes, position.attributes, attributesOf(batch));
  writeInt32(bytes, position.lastOffsetDelta, measured.lastOffsetDelta);
  writeInt64(bytes, position.baseTimestamp, measured.baseTimestamp);
  writeInt64(bytes, position.maxTimestamp, measured.maxTimestamp);
  writeInt64(bytes, position.producerId, batch.producerId ?? -1);
  writeInt16(bytes, position.producerEpoch, batch.producerEpoch ?? -1);
  writeInt32(bytes, position.baseSequence, batch.baseSequence ?? -1);
  writeInt32(bytes, position.count, batch.records.length);
}

function attributesOf(batch: NewBatch): number {
  return (
    compressionCodecs.indexOf(batch.compression ?? "none") |
    (batch.timestampType === "LogAppendTime" ? attribute.logAppendTime : 0) |
    (batch.transactional ? attribute.transactional : 0) |
    (batch.control ? attribute.control : 0) |
    (batch.deleteHorizonMs === undefined ? 0 : attribute.deleteHorizon)
  );
}
