import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { batches, LegacyMessage, readLegacyRecords, verifyLegacyCrc } from "../../../src/protocol/records/batch.ts";
import { fromHex, type GoldenLine, golden } from "./golden.ts";
import { readAny } from "./read.ts";

describe("messages of formats 0 and 1", () => {
  const lines = golden<GoldenLine>("legacy");
  test("there are 13 lines", () => assert.equal(lines.length, 13));
  for (const line of lines) {
    test(`${line.name}: reads as Kafka reads it`, () => {
      const bytes = fromHex(line.hex);
      assert.deepEqual([...batches(bytes)].map(readAny), line.batches);
    });
  }

  test("a checksum does not fit when any one byte behind it is another", () => {
    const bytes = fromHex(lines.find(({ name }) => name === "format 1 gzip CreateTime")!.hex);
    for (let at = 12; at < bytes.length; at++) {
      if (at === 16) continue; // the magic, which decides how the bytes are read at all
      const damaged = bytes.slice();
      damaged[at]! ^= 0x01;
      const [batch] = batches(damaged);
      assert.equal(verifyLegacyCrc(batch!), false, `byte ${at}`);
    }
  });

  test("an outer offset of 0, as librdkafka once produced it, leaves the inner offsets as they are", () => {
    const bytes = fromHex(lines.find(({ name }) => name === "format 1 gzip CreateTime")!.hex);
    bytes.fill(0, 0, 8);
    const [batch] = batches(bytes);
    assert.equal(new LegacyMessage(batch!).offset, 0);
    assert.deepEqual(
      readLegacyRecords(batch!, nodePlatform).map(({ offset }) => offset),
      [0, 1, 2, 3],
    );
  });
});
