import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import type { CompressionType } from "../../../src/protocol/platform.ts";
import {
  BatchView,
  batches,
  encodeBatch,
  encodeControlBatch,
  type NewBatch,
  readRecords,
  setBaseOffset,
  setLeaderEpoch,
  verifyCrc,
} from "../../../src/protocol/records/batch.ts";
import { fromHex, type GoldenBatch, type GoldenLine, golden, toHex } from "./golden.ts";
import { describeBatch, readAll } from "./read.ts";

const lines = golden<GoldenLine>("batches");

/** Doubles hold these lines only nearly; they are read, but not written again. */
const beyondDoubles = new Set([
  "timestamps far apart",
  "greatest timestamp first",
  "greatest offset, producer id and epochs",
]);

function newBatch(batch: GoldenBatch, bytes: Uint8Array): NewBatch {
  // With LogAppendTime a record's own timestamp is hidden; as CreateTime it can be seen.
  const view = new BatchView(bytes.slice());
  view.bytes[22]! &= ~0x08;
  const timestamps = [...readRecords(view, nodePlatform)].map((record) => record.timestamp);
  return {
    baseOffset: batch.baseOffset!,
    leaderEpoch: batch.partitionLeaderEpoch!,
    compression: batch.compression as CompressionType,
    timestampType: batch.timestampType as "CreateTime",
    ...(batch.timestampType === "LogAppendTime" || batch.count === 0 ? { maxTimestamp: batch.maxTimestamp } : {}),
    producerId: batch.producerId!,
    producerEpoch: batch.producerEpoch!,
    baseSequence: batch.baseSequence!,
    transactional: batch.transactional!,
    control: batch.control!,
    lastOffset: batch.lastOffset,
    ...(batch.deleteHorizonMs === -1 ? {} : { deleteHorizonMs: batch.deleteHorizonMs! }),
    records: batch.records!.map((record, index) => ({
      offset: record.offset,
      timestamp: timestamps[index]!,
      key: record.key === null ? null : fromHex(record.key),
      value: record.value === null ? null : fromHex(record.value),
      headers: (record.headers ?? []).map(([key, value]) => ({ key, value: value === null ? null : fromHex(value) })),
    })),
  };
}

describe("batches as Kafka writes them", () => {
  test("there are 48 of them, and doubles hold all but 3", () => {
    assert.equal(lines.length, 48);
    assert.equal(lines.filter((line) => beyondDoubles.has(line.name)).length, beyondDoubles.size);
  });

  for (const line of lines) {
    test(`${line.name}: reads as Kafka reads it`, () => {
      const read = readAll(fromHex(line.hex));
      assert.deepEqual(read.batches, line.batches);
      assert.equal(read.ignoredTail, line.ignoredTail ?? 0);
    });
  }

  for (const line of lines.filter(({ compare, name }) => compare === "bytes" && !beyondDoubles.has(name))) {
    test(`${line.name}: is written byte for byte`, () => {
      const bytes = fromHex(line.hex);
      assert.equal(toHex(encodeBatch(newBatch(line.batches[0]!, bytes), nodePlatform)), line.hex);
    });
  }

  for (const line of lines.filter(({ compare, batches }) => compare === "decode" && batches.length === 1)) {
    test(`${line.name}: what we compress reads the same`, () => {
      const [batch] = line.batches;
      const bytes = encodeBatch(newBatch(batch!, fromHex(line.hex)), nodePlatform);
      const [read] = readAll(bytes).batches;
      assert.deepEqual({ ...read, sizeInBytes: 0, crc: 0 }, { ...batch, sizeInBytes: 0, crc: 0 });
    });
  }
});

describe("large compressed batches as Kafka writes them", () => {
  interface LargeLine extends GoldenLine {
    records: number;
    sha256OfKeysAndValues: string;
  }
  for (const line of golden<LargeLine>("large")) {
    test(`${line.name}: reads as Kafka reads it`, () => {
      const [batch] = batches(fromHex(line.hex));
      assert.deepEqual(describeBatch(batch!), line.batches[0]);
      const hash = createHash("sha256");
      let count = 0;
      for (const { key, value } of readRecords(batch!, nodePlatform)) {
        if (key) hash.update(key);
        if (value) hash.update(value);
        count++;
      }
      assert.equal(count, line.records);
      assert.equal(hash.digest("hex"), line.sha256OfKeysAndValues);
    });
  }
});

describe("a batch in place", () => {
  const rewritten = lines.find(({ name }) => name.startsWith("base offset and leader epoch rewritten"))!;
  const before = lines.find(({ name }) => name === "few none")!;

  test("base offset and leader epoch are written without a new checksum", () => {
    const batch = new BatchView(fromHex(before.hex));
    setBaseOffset(batch, 123456789012);
    setLeaderEpoch(batch, 42);
    assert.equal(toHex(batch.bytes), rewritten.hex);
    assert.ok(verifyCrc(batch, nodePlatform));
  });

  test("a view reads at any place of a buffer", () => {
    const bytes = new Uint8Array(500).fill(0xee);
    bytes.set(fromHex(before.hex), 123);
    assert.deepEqual(describeBatch(new BatchView(bytes, 123)), describeBatch(new BatchView(fromHex(before.hex))));
  });

  test("a checksum does not fit when any one byte behind it is another", () => {
    const bytes = fromHex(before.hex);
    for (let at = 17; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      assert.equal(verifyCrc(new BatchView(damaged), nodePlatform), false, `byte ${at}`);
    }
  });

  test("a marker is the batch that Kafka's coordinator writes", () => {
    for (const type of ["COMMIT", "ABORT"] as const) {
      const line = lines.find(({ name }) => name === `${type.toLowerCase()} marker, coordinator epoch 27`)!;
      const [batch] = line.batches;
      const marker = encodeControlBatch(
        {
          type,
          producerId: batch!.producerId!,
          producerEpoch: batch!.producerEpoch!,
          coordinatorEpoch: 27,
          timestamp: batch!.maxTimestamp,
          baseOffset: batch!.baseOffset!,
          leaderEpoch: batch!.partitionLeaderEpoch!,
        },
        nodePlatform,
      );
      assert.equal(toHex(marker), line.hex);
    }
  });
});
