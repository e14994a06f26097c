import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import type { TimestampType } from "../../../src/protocol/records/batch.ts";
import {
  BatchView,
  batches,
  encodeBatch,
  type NewBatch,
  position,
  setBaseOffset,
  setLeaderEpoch,
} from "../../../src/protocol/records/batch.ts";
import { writeInt32 } from "../../../src/protocol/records/integers.ts";
import { checkProduced, type ProduceRules } from "../../../src/protocol/records/validate.ts";
import { fromHex, golden, toHex } from "./golden.ts";
import { readAll } from "./read.ts";

interface ProduceLine {
  name: string;
  produceVersion: number;
  compacted: boolean;
  timestampType: TimestampType;
  outcome: "accepted" | "refused";
  error?: string;
  recordErrors?: number[];
  maxTimestamp?: number;
  hex: string;
  stored?: string;
}

const rules: ProduceRules = {
  produceVersion: 10,
  nowMs: 1_700_000_010_000,
  timestampType: "CreateTime",
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  compression: "producer",
  compacted: false,
  maxMessageBytes: 1_048_588,
};

function verdict(line: ProduceLine): object {
  const { produceVersion, compacted, timestampType } = line;
  const check = checkProduced(fromHex(line.hex), { ...rules, produceVersion, compacted, timestampType }, nodePlatform);
  if (!check.ok) {
    const recordErrors = check.recordErrors.map(({ batchIndex }) => batchIndex);
    return { error: check.error, ...(recordErrors.length > 0 ? { recordErrors } : {}) };
  }
  const batch = new BatchView(check.bytes);
  setBaseOffset(batch, 1000);
  setLeaderEpoch(batch, 7);
  return { maxTimestamp: check.maxTimestamp, stored: toHex(check.bytes) };
}

function expected({ error, recordErrors, maxTimestamp, stored }: ProduceLine): object {
  return error === undefined ? { maxTimestamp, stored } : { error, ...(recordErrors ? { recordErrors } : {}) };
}

describe("what Kafka's broker says to produced batches", () => {
  const lines = golden<ProduceLine>("produce");
  test("there are 135 verdicts", () => assert.equal(lines.length, 135));
  for (const line of lines) {
    const topic = `${line.compacted ? "compacted, " : ""}${line.timestampType}, version ${line.produceVersion}`;
    test(`${line.name} (${topic}): ${line.outcome}`, () => assert.deepEqual(verdict(line), expected(line)));
  }
});

const value = new TextEncoder().encode("value");
const plainBatch = (): Uint8Array =>
  encodeBatch(
    {
      records: [1, 2, 3].map((n) => ({ key: null, value, timestamp: rules.nowMs - n, headers: [{ key: "h", value }] })),
    },
    nodePlatform,
  );

function stored(bytes: Uint8Array, changed: Partial<ProduceRules>): Uint8Array {
  const check = checkProduced(bytes, { ...rules, ...changed }, nodePlatform);
  assert.ok(check.ok);
  return check.bytes;
}

describe("what is stored", () => {
  test("an unchanged batch is neither copied nor written", () => {
    const bytes = plainBatch();
    const before = bytes.slice();
    const kept = stored(bytes, {});
    assert.equal(kept.buffer, bytes.buffer);
    assert.deepEqual(bytes, before);
  });

  test("a tail that is no whole batch is left out", () => {
    const bytes = plainBatch();
    const withTail = new Uint8Array(bytes.length + 10);
    withTail.set(bytes);
    assert.deepEqual(stored(withTail, {}), bytes);
  });

  test("compression.type: a given codec is applied, and keeps the records", () => {
    const { records } = readAll(plainBatch()).batches[0]!;
    for (const compression of ["gzip", "snappy", "lz4", "zstd", "uncompressed"] as const) {
      const first = stored(plainBatch(), { compression });
      assert.equal([...batches(first)][0]!.compression, compression === "uncompressed" ? "none" : compression);
      assert.deepEqual(readAll(first).batches[0]!.records, records);
      const back = stored(first.slice(), { compression: "uncompressed" });
      assert.deepEqual(back, plainBatch());
    }
  });

  test("records not numbered 0, 1, 2 … are numbered where they are compressed anew", () => {
    const records = [0, 5, 2].map((offset) => ({ key: null, value, timestamp: 1, offset }));
    const bytes = encodeBatch(
      { records, lastOffset: 2, producerId: 4, producerEpoch: 1, baseSequence: 9 },
      nodePlatform,
    );
    const [batch] = readAll(stored(bytes, { compression: "zstd" })).batches;
    assert.deepEqual(
      batch!.records!.map(({ offset }) => offset),
      [0, 1, 2],
    );
    assert.deepEqual([batch!.producerId, batch!.producerEpoch, batch!.baseSequence, batch!.valid], [4, 1, 9, true]);
  });

  test("attributes without a meaning go when the timestamp type is written, as in Kafka", () => {
    const bytes = plainBatch();
    bytes[21] = 0x01;
    bytes[22]! |= 0x80;
    const batch = new BatchView(bytes);
    writeInt32(bytes, position.crc, nodePlatform.crc32c(bytes, position.attributes, bytes.length));
    assert.equal(new BatchView(stored(bytes.slice(), {})).attributes, batch.attributes);
    assert.equal(new BatchView(stored(bytes.slice(), { timestampType: "LogAppendTime" })).attributes, 0x08);
  });

  test("LogAppendTime holds for every record, also when they are compressed anew", () => {
    const timestampType = "LogAppendTime";
    for (const bytes of [
      stored(plainBatch(), { timestampType }),
      stored(plainBatch(), { timestampType, compression: "lz4" }),
    ]) {
      const [batch] = readAll(bytes).batches;
      assert.equal(batch!.timestampType, timestampType);
      assert.ok(batch!.valid);
      assert.deepEqual(
        batch!.records!.map(({ timestamp }) => timestamp),
        [rules.nowMs, rules.nowMs, rules.nowMs],
      );
    }
  });
});

describe("what is refused", () => {
  const refusal = (bytes: Uint8Array, changed: Partial<ProduceRules>): string => {
    const check = checkProduced(bytes, { ...rules, ...changed }, nodePlatform);
    return check.ok ? "NONE" : check.error;
  };

  test("max.message.bytes counts the whole batch, before the checksum is looked at", () => {
    const bytes = plainBatch();
    bytes[30]! ^= 1;
    assert.equal(refusal(bytes, { maxMessageBytes: bytes.length - 1 }), "MESSAGE_TOO_LARGE");
    assert.equal(refusal(bytes, { maxMessageBytes: bytes.length }), "CORRUPT_MESSAGE");
  });

  test("max.message.bytes holds for the batch as it would be stored", () => {
    const records = [{ key: null, value: new Uint8Array(5000), timestamp: 1 }];
    const bytes = encodeBatch({ compression: "gzip", records }, nodePlatform);
    assert.equal(refusal(bytes, { maxMessageBytes: 1000 }), "NONE");
    assert.equal(refusal(bytes, { maxMessageBytes: 1000, compression: "uncompressed" }), "MESSAGE_TOO_LARGE");
  });

  test("timestamps outside message.timestamp.before.max.ms and after.max.ms, and none a millisecond earlier", () => {
    const at = (timestamp: number) => encodeBatch({ records: [{ key: null, value, timestamp }] }, nodePlatform);
    const limits = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 2000 };
    assert.equal(refusal(at(rules.nowMs - 1000), limits), "NONE");
    assert.equal(refusal(at(rules.nowMs - 1001), limits), "INVALID_TIMESTAMP");
    assert.equal(refusal(at(rules.nowMs + 2000), limits), "NONE");
    assert.equal(refusal(at(rules.nowMs + 2001), limits), "INVALID_TIMESTAMP");
    assert.equal(refusal(at(rules.nowMs - 5000), { ...limits, timestampType: "LogAppendTime" }), "NONE");
  });

  // Each seen on Kafka 4.3.1, whose validator fails where it would have to write the batch anew.
  const one = { key: null, value, timestamp: 1 };
  const unwritable: [string, NewBatch][] = [
    ["records not numbered 0, 1, 2 …", { compression: "gzip", records: [{ ...one, offset: 1 }], lastOffset: 0 }],
    ["transactional without a producer id", { transactional: true, records: [one] }],
    ["a producer epoch below 0", { producerId: 1, producerEpoch: -1, baseSequence: 0, records: [one] }],
    ["a timestamp below -1", { records: [{ ...one, timestamp: -2 }] }],
  ];
  for (const [what, batch] of unwritable) {
    test(`${what}: nobody's fault but the server's`, () => {
      const compression = batch.compression === undefined ? "zstd" : "producer";
      assert.equal(refusal(encodeBatch(batch, nodePlatform), { compression }), "UNKNOWN_SERVER_ERROR");
    });
  }

  test("a bomb: records that take more than the limit when decompressed", () => {
    const records = [{ key: null, value: new Uint8Array(1_000_000), timestamp: 1 }];
    for (const compression of ["gzip", "snappy", "lz4", "zstd"] as const) {
      const bytes = encodeBatch({ compression, records }, nodePlatform);
      assert.equal(refusal(bytes, { maxDecompressedBytes: 1_100_000 }), "NONE", compression);
      assert.equal(refusal(bytes, { maxDecompressedBytes: 500_000 }), "UNKNOWN_SERVER_ERROR", compression);
    }
  });
});
