import assert from "node:assert/strict";
import { test } from "node:test";
import { transactionRecordCodec } from "../../src/transaction/record-codec.ts";
import { fromHex, toHex, vectorLines } from "../vectors.ts";

interface WrittenLine {
  readonly topic: string;
  readonly what: string;
  readonly transactionVersion?: number;
  readonly valueVersion?: number;
  readonly keyHex: string;
  readonly valueHex: string | null;
}

const ours = vectorLines<WrittenLine>("coordinator-records/written.jsonl").filter(
  ({ topic }) => topic === "__transaction_state",
);

for (const { what, transactionVersion, valueVersion, keyHex, valueHex } of ours) {
  const version = transactionVersion === undefined ? "" : ` under transaction.version ${transactionVersion}`;
  test(`a record as Kafka writes it is read, and means the same when it is written: ${what}${version}`, () => {
    const record = transactionRecordCodec.decode(fromHex(keyHex), valueHex === null ? null : fromHex(valueHex));
    assert.ok(record !== undefined);
    const { key, value } = transactionRecordCodec.encode(record);
    assert.equal(toHex(key), keyHex);
    if (valueVersion !== 0) return assert.equal(value === null ? null : toHex(value), valueHex);
    assert.deepEqual(transactionRecordCodec.decode(key, value), record);
  });
}

test("a record of another kind is passed over, one of an unknown state stops the load", () => {
  const { keyHex, valueHex } = ours[0]!;
  assert.equal(transactionRecordCodec.decode(Uint8Array.of(0, 9, 1), null), undefined);
  const value = fromHex(valueHex!);
  value[2 + 8 + 2 + 4] = 99;
  assert.throws(() => transactionRecordCodec.decode(fromHex(keyHex), value), /unknown state: 99/);
});
