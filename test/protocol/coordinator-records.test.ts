import assert from "node:assert/strict";
import { test } from "node:test";
import { groupRecords, shareRecords, transactionRecords } from "../../src/protocol/coordinator-records/index.ts";
import {
  type CoordinatorRecord,
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  recordTypeOf,
} from "../../src/protocol/coordinator-records/record.ts";
import { ProtocolError } from "../../src/protocol/protocol-error.ts";
import { fromHex, toHex, vectorLines } from "../vectors.ts";
import { checkGolden, type GoldenLine, type Json } from "./golden.ts";

const recordsOf: Readonly<Record<string, ReadonlyMap<number, CoordinatorRecord>>> = {
  __consumer_offsets: groupRecords,
  __transaction_state: transactionRecords,
  __share_group_state: shareRecords,
};

interface GoldenPart extends GoldenLine {
  readonly record: string;
  readonly type: number;
  readonly part: "key" | "value";
}

for (const [topic, records] of Object.entries(recordsOf)) {
  test(`${topic}: the bytes of every key and value, in each version`, () => {
    const seen = new Set<string>();
    for (const line of vectorLines<GoldenPart>(`coordinator-records/${topic}.jsonl`)) {
      const record = records.get(line.type)!;
      assert.equal(record.name, line.record);
      const prefix = line.part === "key" ? line.type : line.version;
      const bytes = fromHex(line.hex);
      assert.equal(recordTypeOf(bytes), prefix);
      checkGolden(record[line.part], { ...line, hex: line.hex.slice(4) });
      seen.add(`${line.record} ${line.part} ${line.version}`);
    }
    for (const { name, value } of records.values()) {
      for (let version = value.versions[0]; version <= value.versions[1]; version++) {
        assert.ok(seen.has(`${name} value ${version}`), `${name} value ${version} has golden lines`);
      }
    }
  });
}

interface Written {
  readonly topic: string;
  readonly what: string;
  readonly record: string;
  readonly type: number;
  readonly keyJson: Json;
  readonly keyHex: string;
  readonly valueVersion?: number;
  readonly valueHex: string | null;
}

test("whole records that Kafka's coordinators wrote are read, and written again to the same bytes", () => {
  for (const line of vectorLines<Written>("coordinator-records/written.jsonl")) {
    const record = recordsOf[line.topic]!.get(recordTypeOf(fromHex(line.keyHex)))!;
    assert.equal(record.name, line.record, line.what);
    const key = decodeRecordKey(record, fromHex(line.keyHex));
    assert.deepEqual(key, line.keyJson, line.what);
    assert.equal(toHex(encodeRecordKey(record, key)), line.keyHex, line.what);
    if (line.valueHex === null) continue;
    const { version, value } = decodeRecordValue(record, fromHex(line.valueHex));
    assert.equal(version, line.valueVersion, line.what);
    assert.equal(toHex(encodeRecordValue(record, version, value)), line.valueHex, line.what);
  }
});

interface Unreadable {
  readonly topic: string;
  readonly what: string;
  readonly keyHex: string;
  readonly valueHex: string | null;
  readonly outcome: "accepted" | "tombstone" | "refused";
  readonly exception?: string;
}

/** As a loader reads: an unknown type is told apart, everything else that cannot be read throws. */
function load({ topic, keyHex, valueHex }: Unreadable): "accepted" | "tombstone" | "UnknownRecordTypeException" {
  const key = fromHex(keyHex);
  const record = recordsOf[topic]!.get(recordTypeOf(key));
  if (record === undefined) return "UnknownRecordTypeException";
  decodeRecordKey(record, key);
  if (valueHex === null) return "tombstone";
  decodeRecordValue(record, fromHex(valueHex));
  return "accepted";
}

test("rule 42: what Kafka's loaders refuse is refused, an unknown record type is told apart", () => {
  for (const line of vectorLines<Unreadable>("coordinator-records/unreadable.jsonl")) {
    if (line.outcome !== "refused") assert.equal(load(line), line.outcome, line.what);
    else if (line.exception === "UnknownRecordTypeException") assert.equal(load(line), line.exception, line.what);
    else assert.throws(() => load(line), ProtocolError, line.what);
  }
});
