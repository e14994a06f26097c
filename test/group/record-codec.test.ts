import assert from "node:assert/strict";
import { test } from "node:test";
import { DurableState } from "../../src/group/durable-state.ts";
import { groupRecordCodec } from "../../src/group/record-codec.ts";
import { replay } from "../../src/group/replay.ts";
import { fromHex, toHex, vectorLines } from "../vectors.ts";

interface WrittenLine {
  readonly topic: string;
  readonly what: string;
  readonly type: number;
  readonly keyHex: string;
  readonly valueHex: string | null;
}

const ours = vectorLines<WrittenLine>("coordinator-records/written.jsonl").filter(
  ({ topic }) => topic === "__consumer_offsets",
);
const classic = ours.filter(({ type }) => type <= 2);

for (const { what, keyHex, valueHex } of classic) {
  test(`a record as Kafka writes it is read, and written the same again: ${what}`, () => {
    const record = groupRecordCodec.decode(fromHex(keyHex), valueHex === null ? null : fromHex(valueHex));
    assert.ok(record !== undefined);
    const { key, value } = groupRecordCodec.encode(record);
    assert.equal(toHex(key), keyHex);
    assert.equal(value === null ? null : toHex(value), valueHex);
  });
}

test("rule 42: records of groups of other protocols are passed over", () => {
  const others = ours.filter(({ type }) => type > 2);
  assert.ok(others.length > 0);
  for (const { keyHex, valueHex } of others) {
    assert.equal(groupRecordCodec.decode(fromHex(keyHex), valueHex === null ? null : fromHex(valueHex)), undefined);
  }
});

interface GoldenLine {
  readonly record: string;
  readonly part: "key" | "value";
  readonly version: number;
  readonly hex: string;
  readonly json: { readonly [name: string]: unknown };
}

const golden = vectorLines<GoldenLine>("coordinator-records/__consumer_offsets.jsonl");

for (const name of ["LegacyOffsetCommit", "OffsetCommit", "GroupMetadata"]) {
  const keys = golden.filter(({ record, part }) => record === name && part === "key");
  const values = golden.filter(({ record, part }) => record === name && part === "value");

  test(`rule 42: ${name} is read in every version that Kafka ever wrote`, () => {
    assert.ok(keys.length > 0 && values.length > 0);
    for (const value of values) {
      const record = groupRecordCodec.decode(fromHex(keys[0]!.hex), fromHex(value.hex));
      assert.ok(record?.value);
      if (record.type === "OffsetCommit") {
        assert.equal(record.value.metadata, value.json.metadata);
        assert.equal(record.value.leaderEpoch, value.json.leaderEpoch ?? -1);
      } else {
        assert.equal(record.value.generation, value.json.generation);
        assert.equal(record.value.members.length, (value.json.members as unknown[]).length);
      }
    }
  });
}

interface UnreadableLine extends WrittenLine {
  readonly outcome: "accepted" | "tombstone" | "refused";
  readonly exception?: string;
}

const unreadable = vectorLines<UnreadableLine>("coordinator-records/unreadable.jsonl").filter(
  ({ topic }) => topic === "__consumer_offsets",
);

for (const { what, keyHex, valueHex, outcome, exception } of unreadable) {
  test(`rule 42: the loader on ${what}: ${exception ?? outcome}`, () => {
    const decode = () => groupRecordCodec.decode(fromHex(keyHex), valueHex === null ? null : fromHex(valueHex));
    if (exception === "UnknownRecordTypeException") assert.equal(decode(), undefined);
    else if (outcome === "refused") assert.throws(decode);
    else assert.equal(decode()?.value === null, outcome === "tombstone");
  });
}

test("rule 42: later records win, and tombstones of what is not there do nothing", () => {
  const state = new DurableState();
  for (const { keyHex, valueHex } of [...classic, ...classic]) {
    const record = groupRecordCodec.decode(fromHex(keyHex), valueHex === null ? null : fromHex(valueHex));
    if (record !== undefined) replay(state, record);
  }
  const offsets = { type: "OffsetCommit", group: "nobody", topic: "orders", partition: 0, value: null } as const;
  replay(state, offsets);
  assert.deepEqual([...state.groups.keys()], []);
  assert.deepEqual([...state.offsets.get("group-1")!.get("orders")!.keys()], [4]);
});
