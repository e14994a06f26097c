import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import type { KafkaError } from "../../src/client/errors.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { take, testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());

suite("a consumer", () => {
  test("reads a topic, commits, and the next one goes on from there", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const groupId = unique("billing");
    {
      await using consumer = client.consumer(groupId);
      await consumer.subscribe([topic]);
      assert.deepEqual(await take(consumer, 2), ["a", "b"]);
      await consumer.commit();
      const committed = await consumer.committed([{ topic, partition: 0 }]);
      assert.deepEqual(
        committed.map(({ offset }) => offset),
        [2],
      );
    }
    await using next = client.consumer(groupId);
    await next.subscribe(topic);
    assert.deepEqual(await take(next, 1), ["c"]);
  });

  test("gives what a record has", async () => {
    const topic = await client.topic(["a", "b"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    for await (const record of consumer) {
      const { partition, offset, timestamp, timestampType, headers, key, value } = record;
      assert.deepEqual(
        { topic: record.topic, partition, offset, timestamp, timestampType, headers, key: String(key), value },
        {
          topic,
          partition: 0,
          offset: 0,
          timestamp: 1000,
          timestampType: "CreateTime",
          headers: [],
          key: "107,48",
          value: "a",
        },
      );
      break;
    }
  });

  test("leaving a loop neither commits nor closes: the next goes on behind it", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId, { enableAutoCommit: false });
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 1), ["a"]);
    assert.equal(await client.committed(groupId, topic), undefined);
    assert.deepEqual(await take(consumer, 2), ["b", "c"]);
  });

  test("auto commit commits what is processed, not what is handed out", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const groupId = unique("billing");
    const consumer = client.consumer(groupId);
    await consumer.subscribe(topic);
    await take(consumer, 2);
    await consumer.close();
    assert.equal(await client.committed(groupId, topic), 1);
  });

  test("auto commit goes by its interval while the loop waits", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId, { autoCommitIntervalMs: 20 });
    await consumer.subscribe(topic);
    const loop = consumer[Symbol.asyncIterator]();
    for (let count = 0; count < 3; count++) await loop.next();
    const waiting = loop.next();
    await until("all are committed", async () => (await client.committed(groupId, topic)) === 3);
    await consumer.close();
    assert.equal((await waiting).done, true);
  });

  test("commits a record, several, and offsets with metadata", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    await using consumer = client.consumer(unique("billing"), { enableAutoCommit: false });
    await consumer.subscribe(topic);
    const committed = async () => (await consumer.committed([{ topic, partition: 0 }]))[0];
    for await (const record of consumer) {
      await consumer.commit(record);
      assert.equal((await committed())?.offset, record.offset + 1);
      if (record.offset === 1) break;
    }
    await consumer.commit({ topic, partition: 0, offset: 1, metadata: "again" });
    assert.deepEqual(
      [await committed()].map((each) => [each?.offset, each?.metadata]),
      [[1, "again"]],
    );
    const done = new Promise((resolve) => consumer.commitAsync({ topic, partition: 0, offset: 3 }, resolve));
    assert.equal(await done, undefined);
    assert.equal((await committed())?.offset, 3);
  });

  test("seeks to an offset, the beginning, the end and a time", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    const tp = { topic, partition: 0 };
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 1), ["a"]);
    await consumer.seek(tp, 2);
    assert.deepEqual(await take(consumer, 1), ["c"]);
    await consumer.seek(tp, "beginning");
    assert.deepEqual(await take(consumer, 1), ["a"]);
    await consumer.seek(tp, new Date(1500));
    assert.deepEqual(await take(consumer, 1), ["b"]);
    await consumer.seek(tp, "end");
    assert.equal(await consumer.position(tp), 3);
    await consumer.seek(tp, { timestamp: 9_000_000_000_000 });
    assert.equal(await consumer.position(tp), 3);
    await assert.rejects(consumer.seek({ topic, partition: 7 }, 0), { code: "INVALID_STATE" });
  });

  test("seeks while the loop has a record: what was fetched is dropped", async () => {
    const topic = await client.topic(["a", "b", "c"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const seen: string[] = [];
    for await (const { value, offset } of consumer) {
      seen.push(value!);
      if (seen.length === 4) break;
      if (offset === 1) await consumer.seek({ topic, partition: 0 }, 0);
    }
    assert.deepEqual(seen, ["a", "b", "a", "b"]);
  });

  test("a paused partition gives nothing until it is resumed", async () => {
    const topic = await client.topic(["a", "b"], ["x", "y"]);
    const first = { topic, partition: 0 };
    await using consumer = client.consumer(unique("billing"), {
      onPartitionsAssigned: () => consumer.pause([first]),
    });
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 2), ["x", "y"]);
    assert.deepEqual(consumer.paused(), [first]);
    consumer.resume([first]);
    assert.deepEqual(await take(consumer, 2), ["a", "b"]);
  });

  test("batches are of one partition, at most max.poll.records, and processed as a whole", async () => {
    const topic = await client.topic(["a", "b", "c"], ["x"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId, { maxPollRecords: 2 });
    await consumer.subscribe(topic);
    const seen: string[] = [];
    for await (const { partition, records, highWatermark } of consumer.batches()) {
      seen.push(`${partition}: ${records.map(({ value }) => value).join("")} of ${highWatermark}`);
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen.toSorted(), ["0: ab of 3", "0: c of 3", "1: x of 1"]);
    await consumer.close();
    const [c, x] = [await client.committed(groupId, topic, 0), await client.committed(groupId, topic, 1)];
    assert.deepEqual([c, x], seen[2] === "0: c of 3" ? [2, 1] : [3, 0]);
  });

  test("assigns partitions by itself, without a group", async () => {
    const topic = await client.topic(["a"], ["x"]);
    await using consumer = client.kafka.consumer({ autoOffsetReset: "earliest" });
    await consumer.assign([{ topic, partition: 1 }]);
    for await (const { partition, value } of consumer) {
      assert.deepEqual([partition, String.fromCharCode(...value!)], [1, "x"]);
      break;
    }
    await consumer.assign([{ topic, partition: 0 }]);
    for await (const { partition } of consumer) {
      assert.equal(partition, 0);
      break;
    }
    assert.deepEqual(consumer.assignment(), [{ topic, partition: 0 }]);
    await assert.rejects(consumer.commit(), { code: "INVALID_CONFIG_VALUE" });
  });

  test("rule 54: a subscription and partitions of its own choice do not mix", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    await assert.rejects(consumer.assign([{ topic, partition: 0 }]), { code: "INVALID_STATE" });
    await consumer.unsubscribe();
    await consumer.assign([{ topic, partition: 0 }]);
    assert.deepEqual(await take(consumer, 1), ["a"]);
    await assert.rejects(consumer.subscribe(topic), { code: "INVALID_STATE" });
  });

  test("commits as a member after it has committed what it had assigned by itself", async () => {
    const topic = await client.topic(["a", "b"]);
    const groupId = unique("billing");
    await using consumer = client.consumer(groupId);
    await consumer.assign([{ topic, partition: 0 }]);
    await take(consumer, 1);
    await consumer.commit();
    await consumer.unsubscribe();
    await consumer.subscribe(topic);
    assert.deepEqual(await take(consumer, 1), ["b"]);
    await consumer.commit();
    assert.equal(await client.committed(groupId, topic), 2);
  });

  test("two loops at once are refused", async () => {
    const topic = await client.topic(["a"]);
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    for await (const { value } of consumer) {
      assert.equal(value, "a");
      await assert.rejects(take(consumer, 1), { code: "INVALID_STATE" });
      break;
    }
  });

  test("without a group.id there is no subscription", async () => {
    await using consumer = client.kafka.consumer({});
    await assert.rejects(consumer.subscribe("orders"), { code: "INVALID_CONFIG_VALUE" });
  });

  test("a topic that cannot be is told, not waited for", async () => {
    await using consumer = client.consumer(unique("billing"));
    await consumer.subscribe("no topic");
    await assert.rejects(take(consumer, 1), { code: "INVALID_TOPIC_EXCEPTION" });
  });

  test("close ends a loop that waits; a closed consumer says so", async () => {
    const topic = await client.topic([]);
    const consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const waiting = consumer[Symbol.asyncIterator]().next();
    await until("it has its partition", () => consumer.assignment().length === 1);
    await consumer.close();
    assert.equal((await waiting).done, true);
    await assert.rejects(consumer.subscribe(topic), { code: "CLIENT_CLOSED" });
  });

  test("close inside of the loop ends it", async () => {
    const topic = await client.topic(["a", "b"]);
    const consumer = client.consumer(unique("billing"));
    await consumer.subscribe(topic);
    const seen: string[] = [];
    for await (const { value } of consumer) {
      seen.push(value!);
      await consumer.close();
    }
    assert.deepEqual(seen, ["a"]);
  });

  test("a deserializer that throws names the record, and the loop can go on", async () => {
    const topic = await client.topic(["1", "{", "2"]);
    await using consumer = client.kafka.consumer({
      groupId: unique("billing"),
      autoOffsetReset: "earliest",
      valueDeserializer: "json",
    });
    await consumer.subscribe(topic);
    const seen: unknown[] = [];
    for await (const record of consumer) {
      try {
        seen.push(record.value);
      } catch (error) {
        seen.push((error as KafkaError).code);
      }
      if (record.offset === 2) break;
    }
    assert.deepEqual(seen, [1, "DESERIALIZATION_FAILED", 2]);
  });

  test("its deserializers tell the types of keys and values", async () => {
    const topic = await client.topic(["1", "2"]);
    await using consumer = client.kafka.consumer({
      groupId: unique("billing"),
      autoOffsetReset: "earliest",
      keyDeserializer: "string",
      valueDeserializer: (bytes, context) => ({ digits: bytes.length, isKey: context.isKey, of: context.topic }),
    });
    const typed: Consumer<string, { digits: number; isKey: boolean; of: string }> = consumer;
    await typed.subscribe(topic);
    for await (const { key, value } of typed) {
      assert.deepEqual([key, value], ["k0", { digits: 1, isKey: false, of: topic }]);
      break;
    }
  });
});
