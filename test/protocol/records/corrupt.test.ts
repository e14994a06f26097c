import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { CompressionError } from "../../../src/protocol/platform.ts";
import {
  type BatchView,
  batches,
  RecordsError,
  readControlRecord,
  readRecordsOfAnyFormat,
  verifyCrc,
  verifyLegacyCrc,
} from "../../../src/protocol/records/batch.ts";
import { fromHex, type GoldenRecord, golden } from "./golden.ts";
import { describeRecord } from "./read.ts";

interface CorruptLine {
  wrong: string;
  outcome: "accepted" | "refused";
  at?: "frame" | "crc" | "records" | "control";
  batches?: number;
  records?: GoldenRecord[];
  ignoredTail?: number;
  hex: string;
}

/** The stages of Kafka's reader, for one batch after the other; one that throws is where the bytes are refused. */
function read(bytes: Uint8Array): { at?: string; views: BatchView[]; records: GoldenRecord[] } {
  const views: BatchView[] = [];
  const records: GoldenRecord[] = [];
  let at = "frame";
  try {
    for (const view of batches(bytes)) {
      at = "crc";
      if (!(view.magic === 2 ? verifyCrc(view, nodePlatform) : verifyLegacyCrc(view))) return { at, views, records };
      at = "records";
      for (const record of readRecordsOfAnyFormat(view, nodePlatform)) {
        if (view.magic === 2 && view.control) {
          at = "control";
          readControlRecord(record);
        }
        records.push(describeRecord(view, record));
      }
      views.push(view);
      at = "frame";
    }
    return { views, records };
  } catch (error) {
    assert.ok(error instanceof RecordsError || error instanceof CompressionError, String(error));
    return { at, views, records };
  }
}

describe("damaged batches", () => {
  const lines = golden<CorruptLine>("corrupt");
  test("there are 61 lines", () => assert.equal(lines.length, 61));
  for (const line of lines) {
    test(`${line.wrong}: ${line.outcome}${line.at === undefined ? "" : ` at ${line.at}`}`, () => {
      const bytes = fromHex(line.hex);
      const { at, views, records } = read(bytes);
      // Kafka's reader finds a key past the end of its message one stage later.
      const expectedAt = line.wrong === "format 1: key length past the record" ? "records" : line.at;
      assert.equal(at, expectedAt);
      if (line.outcome === "refused") return;
      assert.equal(bytes.length - (views.at(-1)?.end ?? 0), line.ignoredTail ?? 0);
      assert.deepEqual(records, line.records ?? []);
      assert.equal(views.length, line.batches ?? 0);
    });
  }
});
