import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Reader, Writer } from "./bytes.ts";

export interface RecordIn {
  key?: string | Uint8Array | null;
  value?: string | Uint8Array | null;
  timestamp?: number;
  headers?: [string, string | null][];
}

/** The fields of a batch (format 2) that a test may want to set by itself. */
export interface BatchIn {
  baseOffset?: number;
  leaderEpoch?: number;
  magic?: number;
  /** Wrong on purpose. */
  crc?: number;
  gzip?: boolean;
  zstd?: boolean;
  attributes?: number;
  lastOffsetDelta?: number;
  timestamp?: number;
  producerId?: number;
  producerEpoch?: number;
  baseSequence?: number;
  /** The number of records that the header claims. */
  count?: number;
}

export interface RecordOut {
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  keyBytes: Buffer | null;
  valueBytes: Buffer | null;
  headers: [string, string | null][];
}

export interface BatchOut {
  baseOffset: number;
  lastOffset: number;
  leaderEpoch: number;
  magic: number;
  attributes: number;
  maxTimestamp: number;
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  crcIsRight: boolean;
  records: RecordOut[];
}

/** Compression as the attributes tell it. */
const [GZIP, ZSTD] = [1, 4];

/** One batch of format 2 with these records. */
export function batch(records: RecordIn[], set: BatchIn = {}): Buffer {
  const baseTimestamp = set.timestamp ?? records[0]?.timestamp ?? Date.now();
  const maxTimestamp = records.reduce((max, { timestamp }) => Math.max(max, timestamp ?? baseTimestamp), baseTimestamp);
  const body = new Writer();
  records.forEach((record, index) => {
    const bytes = recordBytes(record, index, baseTimestamp);
    body.varlong(bytes.length);
    body.bytes(bytes);
  });
  const checked = new Writer(); // what the checksum covers
  checked.int16(set.attributes ?? (set.gzip ? GZIP : set.zstd ? ZSTD : 0));
  checked.int32(set.lastOffsetDelta ?? records.length - 1);
  checked.int64(baseTimestamp);
  checked.int64(maxTimestamp);
  checked.int64(set.producerId ?? -1);
  checked.int16(set.producerEpoch ?? -1);
  checked.int32(set.baseSequence ?? -1);
  checked.int32(set.count ?? records.length);
  checked.bytes(set.gzip ? gzipSync(body.done()) : set.zstd ? zstdCompressSync(body.done()) : body.done());
  const rest = checked.done();
  const whole = new Writer();
  whole.int64(set.baseOffset ?? 0);
  whole.int32(rest.length + 9);
  whole.int32(set.leaderEpoch ?? -1);
  whole.int8(set.magic ?? 2);
  whole.uint32(set.crc ?? crc32c(rest));
  whole.bytes(rest);
  return whole.done();
}

function recordBytes({ key, value, timestamp, headers }: RecordIn, index: number, baseTimestamp: number): Buffer {
  const writer = new Writer();
  writer.int8(0);
  writer.varlong((timestamp ?? baseTimestamp) - baseTimestamp);
  writer.varlong(index);
  writeBytes(writer, key);
  writeBytes(writer, value);
  writer.varlong(headers?.length ?? 0);
  for (const [name, text] of headers ?? []) {
    writeBytes(writer, name);
    writeBytes(writer, text);
  }
  return writer.done();
}

function writeBytes(writer: Writer, value: string | Uint8Array | null | undefined): void {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  writer.varlong(bytes?.length ?? -1);
  if (bytes) writer.bytes(bytes);
}

/** The whole batches in what a fetch answered; what is cut at the end is left out. */
export function batches(bytes: Buffer | null): BatchOut[] {
  const found: BatchOut[] = [];
  let rest = bytes ?? Buffer.alloc(0);
  while (rest.length >= 61) {
    const size = 12 + rest.readInt32BE(8);
    if (size > rest.length) break;
    found.push(readBatch(rest.subarray(0, size)));
    rest = rest.subarray(size);
  }
  return found;
}

/** All records of what a fetch answered. */
export function records(bytes: Buffer | null): RecordOut[] {
  return batches(bytes).flatMap((each) => each.records);
}

function readBatch(bytes: Buffer): BatchOut {
  const reader = new Reader(bytes);
  const baseOffset = Number(reader.int64());
  reader.int32();
  const leaderEpoch = reader.int32();
  const magic = reader.int8();
  const crc = reader.uint32();
  const crcIsRight = crc === crc32c(bytes.subarray(21));
  const attributes = reader.int16();
  const lastOffset = baseOffset + reader.int32();
  const baseTimestamp = Number(reader.int64());
  const maxTimestamp = Number(reader.int64());
  const producerId = Number(reader.int64());
  const producerEpoch = reader.int16();
  const baseSequence = reader.int32();
  const count = reader.int32();
  const body = reader.bytes(reader.left);
  const inner = new Reader(decompressed(body, attributes & 7));
  const byAppendTime = (attributes & 8) !== 0;
  const read = Array.from({ length: count }, () => readRecord(inner, baseOffset, baseTimestamp));
  if (byAppendTime) for (const record of read) record.timestamp = maxTimestamp;
  const header = { baseOffset, lastOffset, leaderEpoch, magic, attributes, maxTimestamp };
  return { ...header, producerId, producerEpoch, baseSequence, crcIsRight, records: read };
}

function decompressed(body: Buffer, compression: number): Buffer {
  if (compression === 0) return body;
  if (compression === GZIP) return gunzipSync(body);
  if (compression === ZSTD) return zstdDecompressSync(body);
  throw new Error(`compression ${compression} is not read here`);
}

function readRecord(reader: Reader, baseOffset: number, baseTimestamp: number): RecordOut {
  const record = new Reader(reader.bytes(reader.varlong()));
  record.int8();
  const timestamp = baseTimestamp + record.varlong();
  const offset = baseOffset + record.varlong();
  const keyBytes = readBytes(record);
  const valueBytes = readBytes(record);
  const headers = Array.from({ length: record.varlong() }, (): [string, string | null] => [
    String(readBytes(record)),
    readBytes(record)?.toString() ?? null,
  ]);
  const [key, value] = [keyBytes?.toString() ?? null, valueBytes?.toString() ?? null];
  return { offset, timestamp, key, value, keyBytes, valueBytes, headers };
}

function readBytes(reader: Reader): Buffer | null {
  const length = reader.varlong();
  return length < 0 ? null : reader.bytes(length);
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Castagnoli's polynomial, by a table of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
