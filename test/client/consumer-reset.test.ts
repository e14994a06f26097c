import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { NoOffsetForPartitionError, OffsetOutOfRangeError } from "../../src/client/consumer/errors.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { take, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());

suite("rule 51: without a committed offset, auto.offset.reset", () => {
  test("earliest begins at the first record", async () => {
    const topic = await client.topic(["a", "b"]);
    await using consumer = client.consumer(unique("billing"), { autoOffsetReset: "earliest" });
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 1), ["a"]);
  });

  test("latest begins behind the last", async () => {
    const topic = await client.topic(["a", "b"]);
    await using consumer = client.consumer(unique("billing"), { autoOffsetReset: "latest" });
    await consumer.subscribe(topic);
    const taken = take(consumer, 1);
    await until("it has its partition", () => consumer.assignment().length === 1);
    assert.equal(await consumer.position({ topic, partition: 0 }), 2);
    await client.produce(topic, 0, ["c"]);
    assert.deepEqual(await taken, ["c"]);
  });

  test("by_duration begins at a time before now", async () => {
    const topic = await client.topic(["old"]);
    const days = Math.floor(Date.now() / 86_400_000);
    await using before = client.consumer(unique("billing"), { autoOffsetReset: `by_duration:P${days}D` });
    await before.subscribe(topic);
    const taken = take(before, 1);
    await until("it has its partition", () => before.assignment().length === 1);
    assert.equal(await before.position({ topic, partition: 0 }), 1);
    await client.produce(topic, 0, ["new"]);
    assert.deepEqual(await taken, ["new"]);
  });

  test("by_duration takes what is younger, and leaves what is older", async () => {
    const topic = await client.topic(["old"]);
    await using producer = client.kafka.producer();
    await producer.send({ topic, value: "young", timestamp: Date.now() - 60_000 });
    await using consumer = client.consumer(unique("billing"), { autoOffsetReset: "by_duration:PT1H" });
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 1), ["young"]);
  });

  test("none is an error, until the application seeks", async () => {
    const topic = await client.topic(["a", "b"]);
    await using consumer = client.consumer(unique("billing"), { autoOffsetReset: "none" });
    await consumer.subscribe(topic);
    await assert.rejects(take(consumer, 1), (error) => {
      assert.ok(error instanceof NoOffsetForPartitionError);
      assert.deepEqual(error.partitions, [{ topic, partition: 0 }]);
      return error.code === "NO_OFFSET_FOR_PARTITION";
    });
    await assert.rejects(take(consumer, 1), NoOffsetForPartitionError);
    await consumer.seek({ topic, partition: 0 }, 1);
    assert.deepEqual(await take(consumer, 1), ["b"]);
  });

  test("also decides when the position is out of range", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    await client.admin.deleteRecords([{ topic, partition: 0, beforeOffset: 2 }]);
    await using earliest = client.consumer(unique("billing"));
    await earliest.assign([{ topic, partition: 0 }]);
    await earliest.seek({ topic, partition: 0 }, 0);
    assert.deepEqual(await take(earliest, 1), ["c"]);
    await using none = client.consumer(unique("billing"), { autoOffsetReset: "none" });
    await none.assign([{ topic, partition: 0 }]);
    await none.seek({ topic, partition: 0 }, 0);
    await assert.rejects(take(none, 1), OffsetOutOfRangeError);
  });
});
