/** Transactions on a broker that loses answers, loses power, and is killed: what was committed counts once. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { Kafka } from "../../../src/client/kafka.ts";
import { ErrorCode } from "../../../src/protocol/errors.ts";
import { startBroker } from "../../../src/testing/index.ts";
import { until } from "../../interop/support/until.ts";
import { unique } from "../broker.ts";
import { Copier, copyTo } from "../support/copier.ts";
import { producerOf, protocols, valuesOf } from "../support/transactions.ts";

const broker = await startBroker({ config: { "group.min.session.timeout.ms": "100" } });
after(() => broker.close());
const { bootstrapServers } = broker;
const kafka = new Kafka({ bootstrapServers, retryBackoffMs: 10, reconnectBackoffMs: 10, reconnectBackoffMaxMs: 50 });
const admin = kafka.admin();
after(() => admin.close());
const client = { kafka, admin };

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

async function newTopic(numPartitions = 1): Promise<string> {
  const topic = unique("orders");
  await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
  return topic;
}

const asked = {
  v1: ["InitProducerId", "AddPartitionsToTxn", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"],
  v2: ["InitProducerId", "Produce", "TxnOffsetCommit", "EndTxn"],
} as const;

for (const protocol of protocols) {
  suite(`a broker that breaks connections, protocol ${protocol}`, () => {
    for (const api of asked[protocol]) {
      for (const when of ["before", "after"] as const) {
        test(`${when} it does ${api}: each transaction counts once, and its offsets with it`, async () => {
          const [topic, groupId] = [await newTopic(), unique("billing")];
          const group = { groupId, memberId: "", generationId: -1, groupInstanceId: null };
          await using producer = producerOf(bootstrapServers, protocol, { retryBackoffMs: 10, reconnectBackoffMs: 10 });
          using fault = broker
            .on(api)
            .skip(api === "InitProducerId" ? 0 : 2)
            .once()
            .drop(when);
          for (let i = 0; i < 6; i++) {
            await producer.transaction(async (tx) => {
              void tx.send({ topic, value: `${i}`, partition: 0 });
              await tx.sendOffsets(group, { topic, partition: 0, offset: i + 1 });
            });
          }
          assert.equal(fault.hits, 1);
          assert.deepEqual(await valuesOf(client, topic), numbers(6));
          const committed = await admin.listGroupOffsets(groupId, { requireStable: true });
          assert.deepEqual(
            committed.map(({ offset }) => offset),
            [6],
          );
        });
      }
    }
  });
}

/** Makes producers: the first soon gives up, before the second the fault is mended. */
function secondFinds(mend: () => void, made: { count: number }) {
  const config = { transactionalId: unique("copier"), retryBackoffMs: 10, reconnectBackoffMs: 10, maxBlockMs: 100 };
  return () => {
    if (++made.count === 2) mend();
    return kafka.producer(made.count === 1 ? config : { ...config, maxBlockMs: 60_000 });
  };
}

suite("exactlyOnce whose commit is never confirmed", () => {
  for (const when of ["before", "after"] as const) {
    test(`${when} it is done: the next producer settles it, and each record counts once`, async () => {
      const [topic, target, groupId] = [await newTopic(), await newTopic(), unique("copiers")];
      await broker.topic(topic).produce(numbers(20));
      const made = { count: 0 };
      const makeProducer = secondFinds(() => fault.remove(), made);
      using fault = broker.on("EndTxn").skip(1).drop(when);
      const process = copyTo(target);
      await using one = new Copier(kafka, { groupId, topic, process, makeProducer, config: { maxPollRecords: 5 } });
      const values = await until("all is copied", async () => {
        const seen = await valuesOf(client, target);
        return seen.length >= 20 && seen;
      });
      await one.stop();
      assert.deepEqual(values, numbers(20));
      assert.deepEqual(await valuesOf(client, target), numbers(20));
      assert.equal(made.count, 2);
      const all = await valuesOf(client, target, "read_uncommitted");
      assert.equal(all.length, when === "before" ? 25 : 20, "a commit that was done is not done again");
    });
  }

  test("a commit that is done and answered with an error that tells nothing of it: it is not done again", async () => {
    const [topic, target, groupId] = [await newTopic(), await newTopic(), unique("copiers")];
    await broker.topic(topic).produce(numbers(20));
    const transactionalId = unique("copier");
    using fault = broker
      .on("EndTxn")
      .skip(1)
      .once()
      .answer((response) => ({ ...response, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR }));
    const makeProducer = () => kafka.producer({ transactionalId });
    const process = copyTo(target);
    await using one = new Copier(kafka, { groupId, topic, process, makeProducer, config: { maxPollRecords: 5 } });
    await until("all is copied", async () => (await admin.listGroupOffsets(groupId))[0]?.offset === 20);
    await one.stop();
    assert.equal(fault.hits, 1);
    assert.deepEqual(await valuesOf(client, target), numbers(20));
  });

  test("who has gone back does the work again, though the group has committed more than that before", async () => {
    const [topic, target, groupId] = [await newTopic(), await newTopic(), unique("copiers")];
    await broker.topic(topic).produce(numbers(5));
    const made = { count: 0 };
    const makeProducer = secondFinds(() => fault.remove(), made);
    const process = copyTo(target);
    await using one = new Copier(kafka, { groupId, topic, process, makeProducer, config: { maxPollRecords: 2 } });
    const copied = (count: number) =>
      until("all is copied", async () => (await valuesOf(client, target)).length >= count && valuesOf(client, target));
    await copied(5);
    const fault = broker.on("EndTxn").drop("before");
    await one.consumer.seek({ topic, partition: 0 }, 0);
    assert.deepEqual(await copied(10), [...numbers(5), ...numbers(5)]);
    await one.stop();
    assert.equal(made.count, 2);
  });
});

suite("exactlyOnce on a broker that is killed", () => {
  for (const unsynced of ["kept", "lost"] as const) {
    test(`again and again, what was not synced ${unsynced}: each record counts once`, async () => {
      const count = 1500;
      const [topic, target, groupId] = [await newTopic(2), await newTopic(), unique("copiers")];
      await using producer = kafka.producer();
      await producer.sendBatch(numbers(count).map((value, index) => ({ topic, value, partition: index % 2 })));
      const process = copyTo(target);
      await using first = new Copier(kafka, { groupId, topic, process, config: { maxPollRecords: 20 } });
      await using second = new Copier(kafka, { groupId, topic, process, config: { maxPollRecords: 20 } });
      for (let kills = 0; kills < 5; kills++) {
        broker.forget();
        await broker.requested({ api: "EndTxn" }, { times: 4 + kills });
        await broker.crash({ unsynced });
        await broker.restart();
      }
      const values = await until("all is copied", async () => {
        const seen = await valuesOf(client, target);
        return seen.length >= count && seen;
      });
      assert.deepEqual(
        values.toSorted((a, b) => Number(a) - Number(b)),
        numbers(count),
      );
      await Promise.all([first.stop(), second.stop()]);
      const committed = await admin.listGroupOffsets(groupId, { requireStable: true });
      assert.deepEqual(
        committed.map(({ offset }) => offset),
        [count / 2, count / 2],
      );
    });
  }
});
