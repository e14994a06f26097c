/**
 * What a broker checks of the batches that a client produces, and what it then stores: in the order, with the errors
 * and the changes of Kafka 4.3.1 (its request check, its log's check and its LogValidator).
 *
 * Stricter in one thing: Kafka does not look at the lengths of compressed records that it stores as they are, and so
 * takes some that no consumer can read. Here every record must be one that Kafka's own reader accepts.
 */
import type { ErrorName } from "../errors.ts";
import { CompressionError, type CompressionType, type Platform } from "../platform.ts";
import {
  defaultMaxDecompressedBytes,
  enterRecord,
  leaveRecord,
  type RecordBytes,
  readHeaderCount,
  readRecordsOf,
  recordBytes,
  skipBytes,
} from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { RecordsError } from "./errors.ts";
import { attribute, BatchView, nextBatchSize, position, type TimestampType, verifyCrc } from "./header.ts";
import { VarintReader, writeInt16, writeInt32, writeInt64 } from "./integers.ts";

/** The broker's and the topic's settings that matter here. */
export interface ProduceRules {
  /** Version of the Produce request. */
  readonly produceVersion: number;
  /** Wall time: LogAppendTime's timestamp, and the middle of the range that CreateTime's are held to. */
  readonly nowMs: number;
  /** message.timestamp.type */
  readonly timestampType: TimestampType;
  /** message.timestamp.before.max.ms */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms */
  readonly timestampAfterMaxMs: number;
  /** compression.type */
  readonly compression: "producer" | "uncompressed" | Exclude<CompressionType, "none">;
  /** Is cleanup.policy compact? Then every record needs a key. */
  readonly compacted: boolean;
  /** max.message.bytes */
  readonly maxMessageBytes: number;
  /** Most bytes that the records may take when decompressed; default 64 MiB. Kafka has no such limit. */
  readonly maxDecompressedBytes?: number;
}

export interface RecordRefusal {
  /** Place of the record in its batch. */
  readonly batchIndex: number;
  readonly message: string;
}

export type ProduceCheck =
  | {
      readonly ok: true;
      /**
       * The one batch to store; base offset and leader epoch are still the producer's. It is a part of the bytes
       * checked, changed there in place, unless its records had to be written anew.
       */
      readonly bytes: Uint8Array;
      readonly count: number;
      readonly maxTimestamp: number;
      /** LogAppendTime's timestamp, else -1: log_append_time_ms of the answer. */
      readonly logAppendTimeMs: number;
    }
  | {
      readonly ok: false;
      readonly error: ErrorName;
      /** For the log; Kafka sends it to the client only with `recordErrors`. */
      readonly reason: string;
      /** The records at fault, where the fault is theirs. */
      readonly recordErrors: readonly RecordRefusal[];
    };

/** A batch is refused with all its records at fault; beyond so many they are no longer listed. */
const mostRecordErrors = 10_000;

class Refusal extends Error {
  readonly error: ErrorName;
  readonly recordErrors: readonly RecordRefusal[];
  constructor(error: ErrorName, reason: string, recordErrors: readonly RecordRefusal[] = []) {
    super(reason);
    this.error = error;
    this.recordErrors = recordErrors;
  }
}

/** Checks the records of one partition in a Produce request. Never throws on any bytes. */
export function checkProduced(bytes: Uint8Array, rules: ProduceRules, platform: Platform): ProduceCheck {
  try {
    const batch = onlyBatch(bytes, rules.produceVersion);
    checkBatch(batch, rules, platform);
    checkHeader(batch);
    return checkRecords(batch, rules, platform);
  } catch (cause) {
    if (cause instanceof Refusal) {
      return { ok: false, error: cause.error, reason: cause.message, recordErrors: cause.recordErrors };
    }
    if (cause instanceof RecordsError) {
      return { ok: false, error: errorOfReason[cause.reason], reason: cause.message, recordErrors: [] };
    }
    if (cause instanceof CompressionError) {
      return { ok: false, error: "UNKNOWN_SERVER_ERROR", reason: cause.message, recordErrors: [] };
    }
    throw cause;
  }
}

const errorOfReason = {
  corrupt: "CORRUPT_MESSAGE",
  invalid: "INVALID_RECORD",
  varint: "UNKNOWN_SERVER_ERROR",
  "compression-type": "UNKNOWN_SERVER_ERROR",
} as const satisfies Record<RecordsError["reason"], ErrorName>;

/** Since version 3 a request holds one batch of format 2 for a partition (KIP-98); 4.3.1 speaks no older one. */
function onlyBatch(bytes: Uint8Array, produceVersion: number): BatchView {
  const size = nextBatchSize(bytes, 0);
  if (size === undefined || size > bytes.length) throw new Refusal("INVALID_RECORD", "there is no whole batch");
  const batch = new BatchView(bytes);
  if (batch.magic !== 2)
    throw new Refusal("INVALID_RECORD", `a batch of format ${batch.magic}: only format 2 is taken`);
  if (produceVersion < 7 && batch.compression === "zstd") {
    throw new Refusal("UNSUPPORTED_COMPRESSION_TYPE", "zstd needs version 7 of Produce (KIP-110)");
  }
  const next = size === bytes.length ? undefined : nextBatchSize(bytes, size);
  if (next !== undefined && next <= bytes.length - size) {
    throw new Refusal("INVALID_RECORD", "there is more than one batch");
  }
  return batch;
}

/** What can be told of the batch without believing its checksum, and the checksum. */
function checkBatch(batch: BatchView, rules: ProduceRules, platform: Platform): void {
  if (batch.baseOffset !== 0) {
    throw new Refusal("INVALID_RECORD", `the base offset is ${batch.baseOffset}: producers send 0`);
  }
  checkSize(batch.sizeInBytes, rules);
  if (!verifyCrc(batch, platform)) throw new Refusal("CORRUPT_MESSAGE", "the checksum does not fit the batch");
}

function checkSize(sizeInBytes: number, rules: ProduceRules): void {
  if (sizeInBytes > rules.maxMessageBytes) {
    throw new Refusal("MESSAGE_TOO_LARGE", `the batch has ${sizeInBytes} bytes: more than ${rules.maxMessageBytes}`);
  }
}

function checkHeader(batch: BatchView): void {
  const { count, lastOffsetDelta } = batch;
  batch.compression; // an id that names no codec is refused before anything else
  if (lastOffsetDelta < 0) throw new Refusal("INVALID_RECORD", `the last offset delta is ${lastOffsetDelta}`);
  if (count <= 0) throw new Refusal("INVALID_RECORD", `the batch says it has ${count} records`);
  if (lastOffsetDelta !== count - 1) {
    throw new Refusal("INVALID_RECORD", `the last offset delta is ${lastOffsetDelta} in a batch of ${count} records`);
  }
  if (batch.control) throw new Refusal("INVALID_RECORD", "clients do not write control records");
  if (batch.producerId >= 0 && batch.baseSequence < 0) {
    throw new Refusal("INVALID_RECORD", `sequence ${batch.baseSequence} with producer id ${batch.producerId}`);
  }
}

function checkRecords(batch: BatchView, rules: ProduceRules, platform: Platform): ProduceCheck {
  const source = batch.compression;
  const target = targetCompression(source, rules);
  const records = recordBytes(batch, platform, rules.maxDecompressedBytes ?? defaultMaxDecompressedBytes);
  const found = walk(batch, records, rules);
  if (found.errors.length > 0) {
    const named = found.badTimestamp ? "timestamps" : "records";
    const error = found.badTimestamp ? "INVALID_TIMESTAMP" : "INVALID_RECORD";
    throw new Refusal(error, `the batch is refused for its ${named}: ${found.errors[0]!.message}`, found.errors);
  }
  const logAppendTimeMs = rules.timestampType === "LogAppendTime" ? rules.nowMs : -1;
  const maxTimestamp = rules.timestampType === "LogAppendTime" ? rules.nowMs : found.maxTimestamp;
  let { bytes } = batch;
  if (batch.end < bytes.length) bytes = bytes.subarray(0, batch.end);
  if (source !== target) {
    checkRewritable(batch, found);
    bytes = rewrite(batch, records, target, rules, platform);
    checkSize(bytes.length, rules);
  } else {
    // Kafka looks at the offsets of records only where they are compressed, and then fails to number them anew.
    if (source !== "none" && !found.consecutive) {
      throw new Refusal("UNKNOWN_SERVER_ERROR", "compressed records are not numbered 0, 1, 2 …");
    }
    setMaxTimestamp(batch, rules.timestampType, maxTimestamp, platform);
  }
  return { ok: true, bytes, count: batch.count, maxTimestamp, logAppendTimeMs };
}

function targetCompression(source: CompressionType, rules: ProduceRules): CompressionType {
  if (rules.compression === "producer") return source;
  return rules.compression === "uncompressed" ? "none" : rules.compression;
}

/** What Kafka's builder of batches refuses, which an unchanged batch never meets. */
function checkRewritable(batch: BatchView, { minTimestamp }: Walked): void {
  const { producerId, producerEpoch, baseSequence } = batch;
  const refuse = (what: string): never => {
    throw new Refusal("UNKNOWN_SERVER_ERROR", `the batch cannot be compressed anew: ${what}`);
  };
  if (minTimestamp < -1) refuse(`timestamp ${minTimestamp}`);
  if (batch.transactional && producerId === -1) refuse("transactional without a producer id");
  if (producerId !== -1 && producerEpoch === -1) refuse(`producer epoch ${producerEpoch}`);
  if (producerId !== -1 && baseSequence < 0) refuse(`sequence ${baseSequence}`);
}

interface Walked {
  readonly maxTimestamp: number;
  readonly minTimestamp: number;
  /** Are the records numbered 0, 1, 2 …? */
  readonly consecutive: boolean;
  readonly errors: readonly RecordRefusal[];
  readonly badTimestamp: boolean;
}

/** Passes over the records without making anything of them. @throws {RecordsError} when their structure is wrong. */
function walk(batch: BatchView, { bytes, at, end }: RecordBytes, rules: ProduceRules): Walked {
  const { count, baseTimestamp } = batch;
  const appendTimestamp = batch.timestampType === "LogAppendTime" ? batch.maxTimestamp : undefined;
  const errors: RecordRefusal[] = [];
  let badTimestamp = false;
  let maxTimestamp = -1;
  let minTimestamp = -1;
  let consecutive = true;
  const reader = new VarintReader(bytes, at, end);
  for (let index = 0; index < count; index++) {
    enterRecord(reader, end);
    reader.at++; // the record's attributes: none are in use
    const delta = reader.int64();
    const timestamp = appendTimestamp ?? baseTimestamp + delta;
    if (reader.int32() !== index) consecutive = false;
    const hasKey = skipBytes(reader) >= 0;
    skipBytes(reader);
    const headers = readHeaderCount(reader);
    if (headers > 0) skipHeaders(reader, headers);
    leaveRecord(reader, end);

    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    if (timestamp < minTimestamp) minTimestamp = timestamp;
    const keyless = rules.compacted && !hasKey;
    const wrongTime = keyless ? undefined : timestampFault(timestamp, batch, rules);
    if (wrongTime !== undefined) badTimestamp = true;
    const message = keyless ? "a record without a key in a compacted topic" : wrongTime;
    if (message !== undefined && errors.length < mostRecordErrors) errors.push({ batchIndex: index, message });
  }
  if (reader.at !== end) throw new RecordsError("invalid", `${end - reader.at} bytes after the last record`);
  return { maxTimestamp, minTimestamp, consecutive, errors, badTimestamp };
}

function skipHeaders(reader: VarintReader, count: number): void {
  for (let index = 0; index < count; index++) {
    if (skipBytes(reader) < 0) throw new RecordsError("invalid", "a header without a key");
    skipBytes(reader);
  }
}

function timestampFault(timestamp: number, batch: BatchView, rules: ProduceRules): string | undefined {
  if (rules.timestampType === "CreateTime" && timestamp !== -1) {
    const age = rules.nowMs - timestamp;
    if (age <= rules.timestampBeforeMaxMs && age >= -rules.timestampAfterMaxMs) return undefined;
    const from = rules.nowMs - rules.timestampBeforeMaxMs;
    return `timestamp ${timestamp} is not between ${from} and ${rules.nowMs + rules.timestampAfterMaxMs}`;
  }
  return batch.timestampType === "LogAppendTime" ? "producers do not set LogAppendTime" : undefined;
}

/** Writes timestamp type and maximum into the batch, with a new checksum, where they are not what they should be. */
function setMaxTimestamp(batch: BatchView, type: TimestampType, maxTimestamp: number, platform: Platform): void {
  // A timestamp beyond 2^53 is a double's guess here; what the producer wrote is exact.
  if (!Number.isSafeInteger(maxTimestamp)) return;
  if (batch.timestampType === type && batch.maxTimestamp === maxTimestamp) return;
  const kept = attribute.compression | attribute.transactional | attribute.control | attribute.deleteHorizon;
  const attributes = batch.attributes & kept; // bits without a meaning go, as in Kafka
  const typeBit = type === "LogAppendTime" ? attribute.logAppendTime : 0;
  writeInt16(batch.bytes, batch.at + position.attributes, attributes | typeBit);
  writeInt64(batch.bytes, batch.at + position.maxTimestamp, maxTimestamp);
  const crc = platform.crc32c(batch.bytes, batch.at + position.attributes, batch.end);
  writeInt32(batch.bytes, batch.at + position.crc, crc);
}

/** The batch written anew in another compression, its records numbered 0, 1, 2 … */
function rewrite(
  batch: BatchView,
  records: RecordBytes,
  compression: CompressionType,
  rules: ProduceRules,
  platform: Platform,
): Uint8Array {
  const numbered = Array.from(readRecordsOf(batch, records, platform), (record, offset) => ({ ...record, offset }));
  return encodeBatch(
    {
      compression,
      timestampType: rules.timestampType,
      ...(rules.timestampType === "LogAppendTime" ? { maxTimestamp: rules.nowMs } : {}),
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      transactional: batch.transactional,
      records: numbered,
    },
    platform,
  );
}
