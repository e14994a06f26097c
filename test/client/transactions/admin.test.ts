import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ItemsError } from "../../../src/client/admin/attempts.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { testClient } from "../support/consumers.ts";
import { producerOf, valuesOf } from "../support/transactions.ts";

const bootstrapServers = await startTestBroker();
const client = testClient(bootstrapServers);
const { admin } = client;

suite("the admin and transactions", () => {
  test("an open transaction is listed, and described with its partitions", async () => {
    const topic = await client.topic([], []);
    const transactionalId = unique("transfers");
    await using producer = producerOf(bootstrapServers, "v2", { transactionalId, transactionTimeoutMs: 50_000 });
    const tx = await producer.beginTransaction();
    await tx.sendBatch([0, 1].map((partition) => ({ topic, value: "a", partition })));
    const [open] = (await admin.listTransactions()).filter((each) => each.transactionalId === transactionalId);
    assert.deepEqual([open!.state, open!.coordinator.nodeId], ["Ongoing", 1]);
    const [described] = await admin.describeTransactions([transactionalId]);
    const { startedMs, partitions, ...rest } = described!;
    const { producerId } = open!;
    assert.deepEqual(rest, {
      transactionalId,
      state: "Ongoing",
      producerId,
      producerEpoch: rest.producerEpoch,
      timeoutMs: 50_000,
      coordinatorId: 1,
    });
    assert.ok(Math.abs(Date.now() - startedMs!) < 60_000);
    assert.deepEqual(
      partitions.toSorted((a, b) => a.partition - b.partition),
      [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ],
    );
    await tx.commit();
    const ended = await until("it is complete", async () => {
      const [now] = await admin.describeTransactions([transactionalId]);
      return now!.state === "CompleteCommit" && now;
    });
    assert.deepEqual([ended.startedMs === undefined || ended.startedMs > 0, ended.partitions], [true, []]);
  });

  test("lists take filters by state, producer, age and name", async () => {
    const topic = await client.topic([]);
    const name = unique("filtered");
    await using first = producerOf(bootstrapServers, "v2", { transactionalId: `${name}-1` });
    await using second = producerOf(bootstrapServers, "v2", { transactionalId: `${name}-2` });
    await using tx = await first.beginTransaction();
    await tx.send({ topic, value: "a", partition: 0 });
    await second.initTransactions();
    const ids = async (options: Parameters<typeof admin.listTransactions>[0]) =>
      (await admin.listTransactions(options)).map((each) => each.transactionalId).filter((id) => id.startsWith(name));
    assert.deepEqual(await ids({}), [`${name}-1`, `${name}-2`]);
    assert.deepEqual(await ids({ states: ["Ongoing"] }), [`${name}-1`]);
    assert.deepEqual(await ids({ states: ["Empty"] }), [`${name}-2`]);
    const [open] = await admin.describeTransactions([`${name}-1`]);
    assert.deepEqual(await ids({ producerIds: [open!.producerId] }), [`${name}-1`]);
    assert.deepEqual(await ids({ longerThanMs: 3_600_000 }), [`${name}-2`], "as Kafka: begun at no time is long ago");
    assert.deepEqual(await ids({ pattern: `${name}-[2-9]` }), [`${name}-2`]);
  });

  test("an unknown id is not found", async () => {
    const unknown = unique("unknown");
    await assert.rejects(admin.describeTransactions([unknown]), (error) => {
      assert.ok(error instanceof ItemsError);
      assert.equal(error.code, "TRANSACTIONAL_ID_NOT_FOUND");
      return true;
    });
  });

  test("a partition's producers are told, with where their open transactions begin", async () => {
    const topic = await client.topic(["a", "b"]);
    await using producer = producerOf(bootstrapServers, "v2");
    await using tx = await producer.beginTransaction();
    await tx.send({ topic, value: "c", partition: 0 });
    const [told] = await admin.describeProducers([{ topic, partition: 0 }]);
    const [only, ...others] = told!.producers;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [only!.lastSequence, only!.coordinatorEpoch, only!.currentTransactionStartOffset],
      [0, undefined, 2],
    );
    await assert.rejects(admin.describeProducers([{ topic, partition: 7 }]), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
  });

  test("a transaction that hangs in a partition is aborted there, and readers go on", async () => {
    const topic = await client.topic([]);
    await using producer = producerOf(bootstrapServers, "v2");
    const tx = await producer.beginTransaction();
    await tx.send({ topic, value: "hangs", partition: 0 });
    await client.produce(topic, 0, ["behind"]);
    assert.deepEqual(await valuesOf(client, topic), []);
    const [told] = await admin.describeProducers([{ topic, partition: 0 }]);
    const { producerId, producerEpoch } = told!.producers.find((each) => each.currentTransactionStartOffset === 0)!;
    const open = { topic, partition: 0, producerId, producerEpoch, coordinatorEpoch: 0 };
    await assert.rejects(admin.abortTransaction({ ...open, producerEpoch: -1 }), ItemsError);
    await admin.abortTransaction(open);
    assert.deepEqual(await valuesOf(client, topic), ["behind"]);
  });

  test("fenced producers end, and what they had open is aborted", async () => {
    const topic = await client.topic([]);
    const transactionalId = unique("transfers");
    await using producer = producerOf(bootstrapServers, "v2", { transactionalId });
    const tx = await producer.beginTransaction();
    await tx.send({ topic, value: "open", partition: 0 });
    const [fenced] = await admin.fenceProducers([transactionalId]);
    const [described] = await admin.describeTransactions([transactionalId]);
    const { producerId, producerEpoch } = described!;
    assert.deepEqual(fenced, { transactionalId, producerId, producerEpoch });
    await assert.rejects(tx.commit(), { name: "ProducerFencedError" });
    assert.deepEqual(await valuesOf(client, topic), []);
  });
});
