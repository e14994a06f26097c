/**
 * Messages of formats 0 and 1, as brokers before 0.11 stored them. Kafka 4.3.1 refuses them in Produce and never makes
 * them for Fetch (KIP-896), so they are only read: a consumer of ours may meet them in an old log.
 */
import type { CompressionCodec, CompressionType, Platform } from "../platform.ts";
import { crc32 } from "./crc.ts";
import { type BatchRecord, defaultMaxDecompressedBytes, readRecords } from "./decode.ts";
import { RecordsError } from "./errors.ts";
import { attribute, type BatchView, batches, compressionType, type TimestampType } from "./header.ts";
import { readInt32, readInt64, readUint32 } from "./integers.ts";
import { withRightHeaderChecksum } from "./lz4-header.ts";

const position = { crc: 12, magic: 16, attributes: 17, timestamp: 18 } as const;

/** A message of format 0 or 1, not copied; one with a compression holds others. */
export class LegacyMessage {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly magic: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;

  /** @throws {RecordsError} `invalid` when key or value reach past the message. */
  constructor(batch: BatchView) {
    this.bytes = batch.bytes;
    this.at = batch.at;
    this.end = batch.end;
    this.magic = batch.magic;
    const keyAt = this.at + (this.magic === 0 ? position.timestamp : position.timestamp + 8);
    this.key = this.#lengthAndBytes(keyAt);
    this.value = this.#lengthAndBytes(keyAt + 4 + (this.key?.length ?? 0));
  }

  /** In a message that holds others: the offset of the last one. */
  get offset(): number {
    return readInt64(this.bytes, this.at);
  }
  get sizeInBytes(): number {
    return this.end - this.at;
  }
  get crc(): number {
    return readUint32(this.bytes, this.at + position.crc);
  }
  get compression(): CompressionType {
    return compressionType(this.bytes[this.at + position.attributes]!);
  }
  /** Format 0 has no timestamps. */
  get timestampType(): TimestampType | "NoTimestampType" {
    if (this.magic === 0) return "NoTimestampType";
    const appended = (this.bytes[this.at + position.attributes]! & attribute.logAppendTime) !== 0;
    return appended ? "LogAppendTime" : "CreateTime";
  }
  get timestamp(): number {
    return this.magic === 0 ? -1 : readInt64(this.bytes, this.at + position.timestamp);
  }

  #lengthAndBytes(at: number): Uint8Array | null {
    const length = at + 4 > this.end ? Number.NaN : readInt32(this.bytes, at);
    if (length < 0) return null;
    if (length <= this.end - at - 4) return this.bytes.subarray(at + 4, at + 4 + length);
    throw new RecordsError("invalid", `a key or value of ${length} bytes reaches past its message`);
  }
}

/** Does the checksum fit? It is the older CRC-32, over everything from the magic on. */
export function verifyLegacyCrc(batch: BatchView): boolean {
  return crc32(batch.bytes, batch.at + position.magic, batch.end) === readUint32(batch.bytes, batch.at + position.crc);
}

/** The records of a message of format 0 or 1. @throws {RecordsError | CompressionError} */
export function readLegacyRecords(
  batch: BatchView,
  platform: Platform,
  maxBytes = defaultMaxDecompressedBytes,
): BatchRecord[] {
  const message = new LegacyMessage(batch);
  const { compression } = message;
  if (compression === "none") return [recordOf(message, message.offset, message.timestamp)];
  const inner = innerMessages(message, compression, platform, maxBytes);
  const shift = offsetShift(message, inner);
  const appended = message.timestampType === "LogAppendTime" ? message.timestamp : undefined;
  return inner.map((each) => recordOf(each, each.offset + shift, appended ?? each.timestamp));
}

/** In format 1 messages within are numbered from 0; the one around them bears the offset of the last (KIP-31). */
function offsetShift(outer: LegacyMessage, inner: readonly LegacyMessage[]): number {
  // Offset 0 outside: librdkafka once left it so in what it produced; Kafka then takes the inner ones as they are.
  if (outer.magic === 0 || outer.offset === 0) return 0;
  return outer.offset - inner.at(-1)!.offset;
}

function innerMessages(
  outer: LegacyMessage,
  codec: CompressionCodec,
  platform: Platform,
  maxBytes: number,
): LegacyMessage[] {
  if (codec === "zstd") throw new RecordsError("invalid", "zstd in a message older than format 2");
  if (outer.value === null) throw new RecordsError("invalid", "a compressed message without a value");
  const packed = codec === "lz4" && outer.magic === 0 ? withRightHeaderChecksum(outer.value) : outer.value;
  const bytes = platform.decompress(codec, packed, maxBytes);
  const inner: LegacyMessage[] = [];
  for (const batch of batches(bytes)) {
    if (batch.magic !== outer.magic) throw new RecordsError("invalid", `a message of format ${batch.magic} in another`);
    const message = new LegacyMessage(batch);
    if (message.compression !== "none") throw new RecordsError("invalid", "a compressed message in a compressed one");
    inner.push(message);
  }
  if (inner.length === 0) throw new RecordsError("invalid", "a compressed message with no message in it");
  return inner;
}

function recordOf({ key, value }: LegacyMessage, offset: number, timestamp: number): BatchRecord {
  return { offset, timestamp, sequence: -1, key, value, headers: [] };
}

/** The records of a batch of whatever format. @throws {RecordsError | CompressionError} */
export function readRecordsOfAnyFormat(
  batch: BatchView,
  platform: Platform,
  maxBytes = defaultMaxDecompressedBytes,
): Iterable<BatchRecord> {
  return batch.magic === 2 ? readRecords(batch, platform, maxBytes) : readLegacyRecords(batch, platform, maxBytes);
}
