import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { CompressionError, compressionCodecs, type Platform } from "../../../src/protocol/platform.ts";
import {
  BatchView,
  batches,
  encodeBatch,
  type NewRecord,
  RecordsError,
  readControlRecord,
  readRecords,
  readRecordsOfAnyFormat,
} from "../../../src/protocol/records/batch.ts";
import { crc32 } from "../../../src/protocol/records/crc.ts";
import { writeInt32 } from "../../../src/protocol/records/integers.ts";
import { checkProduced } from "../../../src/protocol/records/validate.ts";
import { fromHex, type GoldenLine, golden, hexOrNull } from "./golden.ts";

const maxBytes = 1_000_000;

/** Decompression must keep its promise, whatever it is fed. */
const guarded: Platform = {
  ...nodePlatform,
  decompress(codec, bytes, most) {
    const result = nodePlatform.decompress(codec, bytes, most);
    assert.ok(result.length <= most, `${codec} gave ${result.length} bytes where ${most} were allowed`);
    return result;
  },
};

const seeds = [...golden<GoldenLine>("batches"), ...golden<GoldenLine>("legacy")].map(({ hex }) => fromHex(hex));

/** A golden buffer with bytes changed, cut and put in; mostly with a checksum that fits, to get past it. */
const hostileBytes = fc
  .record({
    seed: fc.constantFrom(...seeds),
    edits: fc.array(
      fc.record({ at: fc.nat(400), byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)) }),
      {
        maxLength: 6,
      },
    ),
    cut: fc.option(fc.nat(400), { freq: 4 }),
    repair: fc.boolean(),
  })
  .map(({ seed, edits, cut, repair }) => {
    const bytes = cut === null ? seed.slice() : seed.slice(0, cut);
    for (const { at, byte } of edits) if (at < bytes.length) bytes[at] = byte;
    if (repair && bytes.length > 30) repairFrame(bytes);
    return bytes;
  });

function repairFrame(bytes: Uint8Array): void {
  writeInt32(bytes, 8, bytes.length - 12);
  if (bytes[16] === 2) writeInt32(bytes, 17, nodePlatform.crc32c(bytes, 21, bytes.length));
  else writeInt32(bytes, 12, crc32(bytes, 16, bytes.length));
}

function onlyTypedErrors(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof RecordsError || error instanceof CompressionError, String((error as Error).stack));
  }
}

describe("hostile bytes", () => {
  test("reading them gives records within the bytes, or a typed error", () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        onlyTypedErrors(() => {
          for (const batch of batches(bytes)) {
            assert.ok(batch.end <= bytes.length);
            let held = 0;
            for (const record of readRecordsOfAnyFormat(batch, guarded, maxBytes)) {
              held += (record.key?.length ?? 0) + (record.value?.length ?? 0);
              if (batch.magic === 2 && batch.control) readControlRecord(record);
            }
            assert.ok(held <= Math.max(maxBytes, bytes.length));
          }
        });
      }),
      { numRuns: 20_000 },
    );
  });

  test("the broker's check never throws, and what it accepts can be read", () => {
    const rules = {
      produceVersion: 13,
      nowMs: 1_700_000_010_000,
      timestampType: "CreateTime",
      timestampBeforeMaxMs: 2 ** 63,
      timestampAfterMaxMs: 3_600_000,
      compacted: false,
      maxMessageBytes: 1_048_588,
      maxDecompressedBytes: maxBytes,
    } as const;
    let accepted = 0;
    fc.assert(
      fc.property(hostileBytes, fc.constantFrom("producer", "lz4", "uncompressed"), (bytes, compression) => {
        const check = checkProduced(bytes, { ...rules, compression }, guarded);
        if (!check.ok) return;
        accepted++;
        const batch = new BatchView(check.bytes);
        assert.equal([...readRecords(batch, guarded, maxBytes)].length, check.count);
      }),
      { numRuns: 20_000 },
    );
    assert.ok(accepted > 100, `only ${accepted} were accepted: the bytes are too hostile to test anything`);
  });

  test("random bytes handed to a codec give bytes or a CompressionError", () => {
    const codec = fc.constantFrom(...compressionCodecs.slice(1)) as fc.Arbitrary<"gzip" | "snappy" | "lz4" | "zstd">;
    fc.assert(
      fc.property(codec, fc.uint8Array({ maxLength: 200 }), (name, bytes) =>
        onlyTypedErrors(() => guarded.decompress(name, bytes, maxBytes)),
      ),
      { numRuns: 5_000 },
    );
  });
});

describe("what is encoded is decoded again", () => {
  const someBytes = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 300 }));
  const inHex = ({ key, value, timestamp, headers }: NewRecord) => ({
    key: hexOrNull(key),
    value: hexOrNull(value),
    timestamp,
    headers: headers!.map((header) => [header.key, hexOrNull(header.value)]),
  });
  const record: fc.Arbitrary<NewRecord> = fc.record({
    key: someBytes,
    value: someBytes,
    timestamp: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2_000_000_000_000 }), fc.maxSafeNat()),
    headers: fc.array(fc.record({ key: fc.string({ unit: "binary" }), value: someBytes }), { maxLength: 3 }),
  });
  test("records of any size, with any compression", () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(...compressionCodecs),
        fc.nat({ max: 2 ** 40 }),
        (records, compression, baseOffset) => {
          const [batch] = batches(encodeBatch({ records, compression, baseOffset }, nodePlatform));
          const read = [...readRecords(batch!, nodePlatform)];
          assert.deepEqual(read.map(inHex), records.map(inHex));
          assert.deepEqual(
            read.map(({ offset }) => offset),
            records.map((_, index) => baseOffset + index),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
