/**
 * Record batches: what the broker's check costs per produced megabyte, and what a record costs to encode and decode.
 *
 *     node src/bench/records.ts
 */
import { nodePlatform } from "../platform/node-platform.ts";
import type { CompressionType } from "../protocol/platform.ts";
import { BatchView, encodeBatch, type NewRecord, readRecords } from "../protocol/records/batch.ts";
import { checkProduced, type ProduceRules } from "../protocol/records/validate.ts";
import { readFlags } from "./flags.ts";

readFlags({});

const nowMs = 1_700_000_000_000;
const rules: ProduceRules = {
  produceVersion: 12,
  nowMs,
  timestampType: "CreateTime",
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  compression: "producer",
  compacted: false,
  maxMessageBytes: 10_000_000,
};

/** A megabyte of records with a key of 8 bytes and a value that compresses about as text does. */
function megabyteOf(valueBytes: number): NewRecord[] {
  const words = "order paid by card shipped to the store in two parcels ".repeat(40);
  return Array.from({ length: Math.floor(1_048_576 / (valueBytes + 16)) }, (_, index) => ({
    key: Buffer.from(String(index).padStart(8, "0")),
    value: Buffer.from((index * 2_654_435_761).toString(36) + words.slice(index % 50)).subarray(0, valueBytes),
    timestamp: nowMs + index,
  }));
}

/** The best of several rounds, in microseconds for one run: other work on the machine only ever adds. */
function microseconds(run: () => unknown): number {
  const rounds: number[] = [];
  for (let round = 0; round < 15; round++) {
    let runs = 0;
    const start = performance.now();
    do {
      run();
      runs++;
    } while (performance.now() - start < 40);
    rounds.push(((performance.now() - start) * 1000) / runs);
  }
  return Math.min(...rounds);
}

function readAll(batch: BatchView): number {
  let bytes = 0;
  for (const { value } of readRecords(batch, nodePlatform)) bytes += value!.length;
  return bytes;
}

function report(valueBytes: number, compression: CompressionType): object {
  const records = megabyteOf(valueBytes);
  const encode = () => encodeBatch({ records, compression }, nodePlatform);
  const batch = new BatchView(encode());
  const check = microseconds(() => checkProduced(batch.bytes, rules, nodePlatform));
  const nanosecondsEach = (micros: number): number => Math.round((micros * 1000) / records.length);
  return {
    "value, bytes": valueBytes,
    compression,
    records: records.length,
    "batch, bytes": batch.sizeInBytes,
    "check, µs": Math.round(check),
    "check, ns a record": nanosecondsEach(check),
    "encode, ns a record": nanosecondsEach(microseconds(encode)),
    "decode, ns a record": nanosecondsEach(microseconds(() => readAll(batch))),
  };
}

const compressions = ["none", "lz4", "snappy", "zstd", "gzip"] as const;
console.table([100, 1000].flatMap((valueBytes) => compressions.map((compression) => report(valueBytes, compression))));
