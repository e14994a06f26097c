/** Batches and records as the golden vectors write them. */
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import {
  type BatchRecord,
  type BatchView,
  batches,
  LegacyMessage,
  readControlRecord,
  readLegacyRecords,
  readRecords,
  readRecordsOfAnyFormat,
  verifyCrc,
  verifyLegacyCrc,
} from "../../../src/protocol/records/batch.ts";
import { type GoldenBatch, type GoldenRecord, hexOrNull } from "./golden.ts";

export function describeBatch(batch: BatchView): GoldenBatch {
  return {
    magic: batch.magic,
    sizeInBytes: batch.sizeInBytes,
    valid: verifyCrc(batch, nodePlatform),
    crc: batch.crc,
    compression: batch.compression,
    timestampType: batch.timestampType,
    lastOffset: batch.lastOffset,
    maxTimestamp: batch.maxTimestamp,
    baseOffset: batch.baseOffset,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    baseTimestamp: batch.baseTimestamp,
    transactional: batch.transactional,
    control: batch.control,
    deleteHorizonMs: batch.deleteHorizonMs,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    lastSequence: batch.lastSequence,
    count: batch.count,
  };
}

export function describeRecord(batch: BatchView, record: BatchRecord): GoldenRecord {
  const { headers } = record;
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    ...(batch.magic === 2 && batch.producerId >= 0 ? { sequence: record.sequence } : {}),
    key: hexOrNull(record.key),
    value: hexOrNull(record.value),
    ...(headers.length > 0 ? { headers: headers.map((header) => [header.key, hexOrNull(header.value)]) } : {}),
    ...(batch.magic === 2 && batch.control ? describeControl(record) : {}),
  };
}

function describeControl(record: BatchRecord): Pick<GoldenRecord, "controlType" | "coordinatorEpoch"> {
  const { type, ...epoch } = readControlRecord(record);
  return { controlType: type, ...epoch };
}

export function describeLegacy(batch: BatchView): GoldenBatch {
  const message = new LegacyMessage(batch);
  const records = readLegacyRecords(batch, nodePlatform);
  return {
    magic: message.magic,
    sizeInBytes: message.sizeInBytes,
    valid: verifyLegacyCrc(batch),
    crc: message.crc,
    compression: message.compression,
    timestampType: message.timestampType,
    lastOffset: message.offset,
    maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
  };
}

export const describeAny = (batch: BatchView): GoldenBatch =>
  batch.magic === 2 ? describeBatch(batch) : describeLegacy(batch);

/** A batch of whatever format, with its records. */
export function readAny(batch: BatchView): GoldenBatch {
  const records = Array.from(readRecordsOfAnyFormat(batch, nodePlatform), (record) => describeRecord(batch, record));
  return { ...describeAny(batch), records };
}

/** Everything that is in a buffer of format 2, and how many bytes at its end were no whole batch. */
export function readAll(bytes: Uint8Array): { batches: GoldenBatch[]; ignoredTail: number } {
  const read: GoldenBatch[] = [];
  let end = 0;
  for (const batch of batches(bytes)) {
    const records = [...readRecords(batch, nodePlatform)].map((record) => describeRecord(batch, record));
    read.push({ ...describeBatch(batch), records });
    end = batch.end;
  }
  return { batches: read, ignoredTail: bytes.length - end };
}
