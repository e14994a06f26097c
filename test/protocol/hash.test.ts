import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareUuids,
  coordinatorPartition,
  isReservedUuid,
  isUsableUuid,
  javaStringHash,
  keyPartition,
  murmur2,
  uuidHash,
} from "../../src/protocol/hash.ts";
import { uuidBytes, uuidText } from "../../src/protocol/uuid.ts";
import { fromHex, toHex, vectorJson, vectorLines } from "../vectors.ts";

type ByCount = Readonly<Record<string, number>>;

test("a group's coordinator is the one Kafka finds", () => {
  for (const { id, hashCode, partition } of vectorLines<{ id: string; hashCode: number; partition: ByCount }>(
    "hash/coordinator-partition.jsonl",
  )) {
    assert.equal(javaStringHash(id), hashCode, id);
    for (const [count, expected] of Object.entries(partition)) {
      assert.equal(coordinatorPartition(id, Number(count)), expected, `${id} of ${count}`);
    }
  }
});

test("a record's key goes to the partition that Java's producer chooses", () => {
  for (const { hex, murmur2: hash, partition } of vectorLines<{ hex: string; murmur2: number; partition: ByCount }>(
    "hash/murmur2.jsonl",
  )) {
    const key = fromHex(hex);
    assert.equal(murmur2(key), hash, hex);
    for (const [count, expected] of Object.entries(partition)) {
      assert.equal(keyPartition(key, Number(count)), expected, `${hex} of ${count}`);
    }
  }
});

test("UUIDs have Kafka's text, hash and reservations", () => {
  for (const golden of vectorLines<{ hex: string; text: string; hashCode: number; reserved: boolean }>(
    "hash/uuid.jsonl",
  )) {
    assert.equal(uuidText(fromHex(golden.hex)), golden.text);
    assert.equal(toHex(uuidBytes(golden.text)), golden.hex);
    assert.equal(uuidHash(golden.text), golden.hashCode);
    assert.equal(isReservedUuid(golden.text), golden.reserved, golden.text);
    assert.equal(isUsableUuid(golden.text), !golden.reserved && !golden.text.startsWith("-"));
  }
  assert.throws(() => uuidBytes("not a uuid"), RangeError);
});

interface Orders {
  readonly uuidOrder: readonly string[];
  readonly stringOrder: readonly string[];
  readonly shareCoordinatorKey: readonly { readonly key: string; readonly partitionOf50: number }[];
}
const orders = vectorJson<Orders>("hash/orders.json");

test("UUIDs are ordered as Java orders them", () => {
  assert.deepEqual(orders.uuidOrder.toSorted().sort(compareUuids), orders.uuidOrder);
  assert.equal(compareUuids(orders.uuidOrder[0]!, orders.uuidOrder[0]!), 0);
});

test("strings are ordered by UTF-16 code units, as Java and JavaScript both do", () => {
  assert.deepEqual(orders.stringOrder.toSorted(), orders.stringOrder);
});

test("a share partition's coordinator is found by group, topic id and partition", () => {
  for (const { key, partitionOf50 } of orders.shareCoordinatorKey) {
    assert.equal(coordinatorPartition(key, 50), partitionOf50, key);
  }
});
