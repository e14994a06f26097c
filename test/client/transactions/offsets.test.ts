import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ConsumerRecord } from "../../../src/client/consumer/consumer-record.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { reading, take, testClient } from "../support/consumers.ts";
import { producerOf, protocols, valuesOf } from "../support/transactions.ts";

const bootstrapServers = await startTestBroker();
const client = testClient(bootstrapServers);
const { kafka } = client;
const readsByHand = { enableAutoCommit: false } as const;

for (const protocol of protocols) {
  suite(`offsets in a transaction, protocol ${protocol}`, () => {
    test("they are committed with it, under the membership of the consumer", async () => {
      const [topic, target, groupId] = [await client.topic(["a", "b", "c"]), await client.topic([]), unique("billing")];
      await using consumer = client.consumer(groupId, readsByHand);
      await using producer = producerOf(bootstrapServers, protocol);
      await consumer.subscribe(topic);
      const records: ConsumerRecord<Uint8Array, string>[] = [];
      for await (const record of consumer) if (records.push(record) === 2) break;
      await producer.transaction(async (tx) => {
        for (const { value } of records) await tx.send({ topic: target, value: value!, partition: 0 });
        await tx.sendOffsets(consumer, records);
        assert.equal(await client.committed(groupId, topic), undefined);
      });
      await until("the offset counts", async () => (await client.committed(groupId, topic)) === 2);
      assert.deepEqual(await valuesOf(client, target), ["a", "b"]);
      assert.deepEqual(await take(consumer, 1), ["c"]);
    });

    test("an abort drops them", async () => {
      const [topic, groupId] = [await client.topic(["a", "b"]), unique("billing")];
      await using producer = producerOf(bootstrapServers, protocol);
      const group = { groupId, memberId: "", generationId: -1, groupInstanceId: null };
      await producer.transaction((tx) => tx.sendOffsets(group, { topic, partition: 0, offset: 1 }));
      await until("the first counts", async () => (await client.committed(groupId, topic)) === 1);
      const undone = producer.transaction(async (tx) => {
        await tx.sendOffsets(group, { topic, partition: 0, offset: 2 });
        throw new Error("undone");
      });
      await assert.rejects(undone, /^Error: undone$/);
      await using consumer = client.consumer(groupId, readsByHand);
      assert.equal((await consumer.committed([{ topic, partition: 0 }]))[0]?.offset, 1);
    });

    test("a consumer that begins waits for them (KIP-447)", async () => {
      const [topic, groupId] = [await client.topic(["a", "b"]), unique("billing")];
      await using producer = producerOf(bootstrapServers, protocol);
      const tx = await producer.beginTransaction();
      const group = { groupId, memberId: "", generationId: -1, groupInstanceId: null };
      await tx.sendOffsets(group, { topic, partition: 0, offset: 1 });
      await using consumer = client.consumer(groupId, { ...readsByHand, defaultApiTimeoutMs: 300 });
      await consumer.subscribe(topic);
      const { values, ended } = reading(consumer);
      await until("it has joined", () => consumer.assignment().length === 1);
      await assert.rejects(consumer.position({ topic, partition: 0 }, { timeoutMs: 1000 }), { code: "TIMED_OUT" });
      await tx.commit();
      await until("it reads", () => values.length > 0);
      assert.deepEqual(values, ["b"]);
      await consumer.close();
      await ended;
    });

    test("those of a member that the group has gone on without abort the transaction", async () => {
      const [topic, target, groupId] = [await client.topic(["a"]), await client.topic([]), unique("billing")];
      await using consumer = client.consumer(groupId, readsByHand);
      await consumer.subscribe(topic);
      await take(consumer, 1);
      const stale = { ...consumer.groupMetadata(), groupId, generationId: 100 };
      const stranger = { ...consumer.groupMetadata(), groupId, memberId: "stranger" };
      await using producer = producerOf(bootstrapServers, protocol);
      for (const [group, code] of [
        [stale, "ILLEGAL_GENERATION"],
        [stranger, "UNKNOWN_MEMBER_ID"],
      ] as const) {
        const work = producer.transaction(async (tx) => {
          await tx.send({ topic: target, value: code, partition: 0 });
          await tx.sendOffsets(group, { topic, partition: 0, offset: 1 });
        });
        await assert.rejects(work, { name: "TransactionAbortedError", code, retriable: true });
      }
      assert.deepEqual(await valuesOf(client, target), []);
      assert.equal(await client.committed(groupId, topic), undefined);
    });
  });
}

test("a consumer that has lost its partitions commits nothing of them", async () => {
  const [topic, target, groupId] = [await client.topic(["a"]), await client.topic([]), unique("billing")];
  await using consumer = client.consumer(groupId, readsByHand);
  await using producer = producerOf(bootstrapServers, "v2");
  await consumer.subscribe(topic);
  await take(consumer, 1);
  await consumer.unsubscribe();
  const work = producer.transaction(async (tx) => {
    void tx.send({ topic: target, value: "a", partition: 0 });
    void tx.sendOffsets(consumer, { topic, partition: 0, offset: 1 });
  });
  await assert.rejects(work, { name: "TransactionAbortedError", code: "COMMIT_FAILED", retriable: true });
  assert.deepEqual(await valuesOf(client, target), []);
  assert.equal(await client.committed(groupId, topic), undefined);
  await until("it is nobody any more", () => consumer.groupMetadata().memberId === "");
});

test("who is no member any more does not commit as anybody, while it is being told", async () => {
  const [topic, groupId] = [await client.topic(["a"]), unique("billing")];
  const [isTold, mayGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const onPartitionsLost = () => {
    isTold.resolve();
    return mayGo.promise;
  };
  await using consumer = client.consumer(groupId, { ...readsByHand, maxPollIntervalMs: 300, onPartitionsLost });
  await using producer = producerOf(bootstrapServers, "v2");
  await consumer.subscribe(topic);
  await take(consumer, 1);
  await isTold.promise;
  await using other = client.consumer(groupId, readsByHand);
  await other.subscribe(topic);
  await take(other, 1);
  assert.equal(consumer.assignment().length, 1);
  const work = producer.transaction((tx) => tx.sendOffsets(consumer, { topic, partition: 0, offset: 1 }));
  await assert.rejects(work, { name: "TransactionAbortedError", code: "UNKNOWN_MEMBER_ID", retriable: true });
  assert.equal(await client.committed(groupId, topic), undefined);
  mayGo.resolve();
});

test("a consumer without a group has no offsets to send", async () => {
  await using consumer = kafka.consumer({});
  await using producer = producerOf(bootstrapServers, "v2");
  const work = producer.transaction((tx) => tx.sendOffsets(consumer, { topic: "orders", partition: 0, offset: 1 }));
  await assert.rejects(work, { code: "INVALID_CONFIG_VALUE" });
  const unawaited = producer.transaction((tx) => {
    void tx.sendOffsets(consumer, { topic: "orders", partition: 0, offset: 1 });
  });
  await assert.rejects(unawaited, { name: "TransactionAbortedError", code: "INVALID_CONFIG_VALUE", retriable: false });
});

suite("a consumer with read_committed", () => {
  test("stops before what is open, and counts its lag up to there", async () => {
    const topic = await client.topic(["a"]);
    await using producer = producerOf(bootstrapServers, "v2");
    const tx = await producer.beginTransaction();
    await tx.send({ topic, value: "open", partition: 0 });
    await client.produce(topic, 0, ["behind"]);
    const partition = { topic, partition: 0 };
    await using committed = client.consumer(unique("g"), { isolationLevel: "read_committed" });
    await using uncommitted = client.consumer(unique("g"));
    for (const consumer of [committed, uncommitted]) await consumer.assign([partition]);
    assert.deepEqual(await take(committed, 1), ["a"]);
    assert.deepEqual(await take(uncommitted, 1), ["a"]);
    assert.deepEqual([committed.lag(partition), uncommitted.lag(partition)], [0, 2]);
    await committed.seek(partition, "end");
    assert.equal(await committed.position(partition), 1, "the end is the last stable offset");
    await tx.commit();
    assert.deepEqual(await take(committed, 2), ["open", "behind"]);
  });

  test("goes past aborted records and markers, wherever it begins", async () => {
    const topic = await client.topic([]);
    await using producer = producerOf(bootstrapServers, "v2");
    for (const value of ["a1", "a2", "a3"]) {
      await using tx = await producer.beginTransaction();
      await tx.sendBatch([value, value, value].map((each) => ({ topic, value: each, partition: 0 })));
    }
    await producer.transaction((tx) => tx.send({ topic, value: "kept", partition: 0 }));
    const partition = { topic, partition: 0 };
    await using consumer = client.consumer(unique("g"), { isolationLevel: "read_committed" });
    await consumer.assign([partition]);
    for (const from of [0, 1, 3, 4, 6, 11, 12]) {
      await consumer.seek(partition, from);
      assert.deepEqual(await take(consumer, 1), ["kept"], `from ${from}`);
    }
    const { ended } = reading(consumer);
    await until("the last marker is passed", async () => (await consumer.position(partition)) === 14);
    assert.equal(consumer.lag(partition), 0);
    await consumer.close();
    await ended;
  });
});
