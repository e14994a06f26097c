import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type AbortedTransaction, FetchedRecords } from "../../src/client/consumer/fetched-records.ts";
import { ReadPartition } from "../../src/client/consumer/read-partition.ts";
import { deserializers } from "../../src/client/serde.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { compressionCodecs } from "../../src/protocol/platform.ts";
import { encodeBatch, encodeControlBatch, type NewBatch } from "../../src/protocol/records/batch.ts";

const options = {
  checkCrcs: true,
  keyDeserializer: deserializers.bytes!,
  valueDeserializer: deserializers.string!,
};

function batch(baseOffset: number, values: readonly string[], more: Partial<NewBatch> = {}): Uint8Array {
  const records = values.map((value, index) => ({
    timestamp: 1000 + index,
    key: null,
    value: Buffer.from(value),
    headers: [
      { key: "trace", value: Buffer.from("1") },
      { key: "trace", value: null },
    ],
  }));
  return encodeBatch({ ...more, baseOffset, records }, nodePlatform);
}

function marker(type: "ABORT" | "COMMIT", baseOffset: number, producerId: number): Uint8Array {
  const producer = { producerId, producerEpoch: 0, coordinatorEpoch: 0 };
  return encodeControlBatch({ type, baseOffset, timestamp: 1, ...producer }, nodePlatform);
}

function fetched(batches: readonly Uint8Array[], offset = 0, aborted?: readonly AbortedTransaction[]): FetchedRecords {
  return new FetchedRecords(Buffer.concat(batches), { topic: "orders", partition: 0, offset, aborted }, options);
}

function valuesOf(chunk: FetchedRecords): unknown[] {
  const values: unknown[] = [];
  for (let record = chunk.next(); record !== undefined; record = chunk.next()) values.push(record.value);
  return values;
}

suite("fetched records", () => {
  for (const compression of compressionCodecs) {
    test(`are read from batches compressed with ${compression}`, () => {
      const chunk = fetched([batch(5, ["a", "b"], { compression }), batch(7, ["c"], { compression })], 5);
      assert.deepEqual(valuesOf(chunk), ["a", "b", "c"]);
      assert.deepEqual([chunk.nextOffset, chunk.endOffset], [8, 8]);
    });
  }

  test("begin at the offset that was asked for, in the middle of a batch; an incomplete one is left", () => {
    const chunk = fetched([batch(0, ["a", "b", "c"]), batch(3, ["d"]).subarray(0, 40)], 1);
    assert.deepEqual(valuesOf(chunk), ["b", "c"]);
    assert.equal(chunk.endOffset, 3);
  });

  test("are read lazily: in any order, and again", () => {
    const chunk = fetched([batch(0, ["a", "b"], { leaderEpoch: 3 })]);
    const [first, second] = [chunk.next()!, chunk.next()!];
    assert.equal(second.value, "b");
    assert.equal(first.value, "a");
    assert.equal(first.key, null);
    assert.deepEqual(
      first.headers.map(({ key, value }) => [key, value === null ? null : String.fromCharCode(...value)]),
      [
        ["trace", "1"],
        ["trace", null],
      ],
    );
    assert.deepEqual([second.offset, second.timestamp, second.leaderEpoch], [1, 1001, 3]);
  });

  test("with LogAppendTime have the broker's timestamp", () => {
    const chunk = fetched([batch(0, ["a", "b"], { timestampType: "LogAppendTime", maxTimestamp: 77 })]);
    assert.deepEqual([chunk.next()!.timestamp, chunk.next()!.timestamp], [77, 77]);
  });

  test("that are damaged are told, once they are reached", () => {
    const damaged = batch(2, ["c"]);
    damaged[damaged.length - 1]! ^= 1;
    const chunk = fetched([batch(0, ["a", "b"]), damaged]);
    assert.deepEqual([chunk.next()!.offset, chunk.next()!.offset], [0, 1]);
    assert.throws(() => chunk.next(), /checksum/);
    assert.throws(() => fetched([batch(0, ["a"]).subarray(0, 30)]), /no whole batch/);
  });

  test("of aborted transactions are left out, from their first offset to their marker", () => {
    const transactional = { transactional: true, producerEpoch: 0 };
    const batches = [
      batch(0, ["a"], { ...transactional, producerId: 1, baseSequence: 0 }),
      batch(1, ["b"], { ...transactional, producerId: 2, baseSequence: 0 }),
      marker("ABORT", 2, 1),
      batch(3, ["c"], { ...transactional, producerId: 1, baseSequence: 1 }),
      marker("COMMIT", 4, 1),
      marker("COMMIT", 5, 2),
      batch(6, ["d"]),
    ];
    assert.deepEqual(valuesOf(fetched(batches, 0, [{ producerId: 1, firstOffset: 0 }])), ["b", "c", "d"]);
    const uncommitted = fetched(batches.slice(0, 3));
    assert.deepEqual(valuesOf(uncommitted), ["a", "b"]);
    assert.equal(uncommitted.nextOffset, 3, "markers are passed over");
  });

  test("wait for the application: a partition with two chunks is not fetched", () => {
    const partition = new ReadPartition({ topic: "orders", partition: 0 }, "committed");
    assert.equal(partition.isFetchable, false, "its offset is not known");
    partition.seek(0);
    assert.equal(partition.isFetchable, true);
    partition.fetched(fetched([batch(0, ["a"])]));
    partition.fetched(fetched([batch(1, ["b"])], 1));
    assert.deepEqual([partition.isFetchable, partition.fetchOffset, partition.position], [false, 2, 0]);
    partition.seek(0);
    assert.deepEqual([partition.isFetchable, partition.fetchOffset], [true, 0]);
  });
});
