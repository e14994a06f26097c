/** Reads the records of a batch of format 2. */
import type { Platform } from "../platform.ts";
import { RecordsError } from "./errors.ts";
import { type BatchView, batchHeaderBytes, incrementSequence, position } from "./header.ts";
import { VarintReader } from "./integers.ts";

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** A record as it lies in a batch. Key, value and header values share the batch's (decompressed) bytes. */
export interface BatchRecord {
  readonly offset: number;
  /** Milliseconds; the batch's append time where its timestamp type is LogAppendTime; -1 is none. */
  readonly timestamp: number;
  /** Sequence number of an idempotent producer, else -1. */
  readonly sequence: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** Most bytes that the records of one batch may take when decompressed, unless the caller says otherwise. */
export const defaultMaxDecompressedBytes = 64 * 1024 * 1024;

const noHeaders: readonly RecordHeader[] = [];

/** The bytes of the records of a batch, decompressed where needed: `bytes` from `at` to `end`. */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

/** @throws {CompressionError | RecordsError} when the bytes are damaged or take more than `maxBytes`. */
export function recordBytes(batch: BatchView, platform: Platform, maxBytes = defaultMaxDecompressedBytes): RecordBytes {
  if (batch.sizeInBytes < batchHeaderBytes) {
    throw new RecordsError("corrupt", `a batch of ${batch.sizeInBytes} bytes is shorter than its header`);
  }
  const codec = batch.compression;
  const at = batch.at + position.records;
  if (codec === "none") return { bytes: batch.bytes, at, end: batch.end };
  const bytes = platform.decompress(codec, batch.bytes.subarray(at, batch.end), maxBytes);
  return { bytes, at: 0, end: bytes.length };
}

/**
 * The records of a batch, one after the other.
 * @throws {RecordsError | CompressionError} on the first thing that is wrong; records before it were given.
 */
export function* readRecords(
  batch: BatchView,
  platform: Platform,
  maxBytes = defaultMaxDecompressedBytes,
): Generator<BatchRecord, void, undefined> {
  if (batch.count < 0) throw new RecordsError("invalid", `a batch of ${batch.count} records`);
  if (batch.count === 0) return; // also with bytes behind the header: Kafka's reader does not look at them
  yield* readRecordsOf(batch, recordBytes(batch, platform, maxBytes), platform);
}

/** The records of a batch whose records are decompressed already. @throws as {@link readRecords}. */
export function* readRecordsOf(
  batch: BatchView,
  { bytes, at, end }: RecordBytes,
  platform: Platform,
): Generator<BatchRecord, void, undefined> {
  const { count } = batch;
  const reader = new VarintReader(bytes, at, end);
  const context = new RecordContext(batch, platform);
  for (let index = 0; index < count; index++) yield readRecord(reader, end, context);
  if (reader.at !== end) throw new RecordsError("invalid", `${end - reader.at} bytes after the last record`);
}

/** What the records of one batch have in common; read once. */
class RecordContext {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  readonly baseSequence: number;
  /** The timestamp of every record, where the log's append time counts. */
  readonly appendTimestamp: number | undefined;
  readonly platform: Platform;

  constructor(batch: BatchView, platform: Platform) {
    this.baseOffset = batch.baseOffset;
    this.baseTimestamp = batch.baseTimestamp;
    this.baseSequence = batch.baseSequence;
    this.appendTimestamp = batch.timestampType === "LogAppendTime" ? batch.maxTimestamp : undefined;
    this.platform = platform;
  }
}

function readRecord(reader: VarintReader, batchEnd: number, context: RecordContext): BatchRecord {
  enterRecord(reader, batchEnd);
  reader.at++; // the record's attributes: none are in use
  const timestampDelta = reader.int64();
  const offsetDelta = reader.int32();
  const key = readBytes(reader);
  const value = readBytes(reader);
  const headers = readHeaders(reader, context.platform);
  leaveRecord(reader, batchEnd);
  return {
    offset: context.baseOffset + offsetDelta,
    timestamp: context.appendTimestamp ?? context.baseTimestamp + timestampDelta,
    sequence: incrementSequence(context.baseSequence, offsetDelta),
    key,
    value,
    headers,
  };
}

/** Reads the record's length and narrows the reader to the record. */
export function enterRecord(reader: VarintReader, batchEnd: number): void {
  const length = reader.int32("varint");
  if (length < 1 || length > batchEnd - reader.at) {
    throw new RecordsError("invalid", `a record of ${length} bytes where ${batchEnd - reader.at} are left`);
  }
  reader.end = reader.at + length;
}

/** The record must have used all its bytes; widens the reader to the batch again. */
export function leaveRecord(reader: VarintReader, batchEnd: number): void {
  if (reader.at !== reader.end) {
    throw new RecordsError("invalid", `${reader.end - reader.at} bytes of the record after its headers`);
  }
  reader.end = batchEnd;
}

/** Passes over a length and the bytes it announces. @returns the length; any negative one means null. */
export function skipBytes(reader: VarintReader): number {
  const length = reader.int32();
  if (length <= 0) return length;
  if (length > reader.end - reader.at) {
    throw new RecordsError("invalid", `${length} bytes announced where ${reader.end - reader.at} are left`);
  }
  reader.at += length;
  return length;
}

/** @returns the number of headers, not larger than what the bytes left could hold. */
export function readHeaderCount(reader: VarintReader): number {
  const count = reader.int32();
  if (count < 0 || count > reader.end - reader.at) throw new RecordsError("invalid", `a record with ${count} headers`);
  return count;
}

function readBytes(reader: VarintReader): Uint8Array | null {
  const length = skipBytes(reader);
  return length < 0 ? null : reader.bytes.subarray(reader.at - length, reader.at);
}

function readHeaders(reader: VarintReader, platform: Platform): readonly RecordHeader[] {
  const count = readHeaderCount(reader);
  if (count === 0) return noHeaders;
  const headers: RecordHeader[] = [];
  for (let index = 0; index < count; index++) {
    const length = skipBytes(reader);
    if (length < 0) throw new RecordsError("invalid", "a header without a key");
    headers.push({
      key: platform.utf8Decode(reader.bytes, reader.at - length, reader.at),
      value: readBytes(reader),
    });
  }
  return headers;
}
