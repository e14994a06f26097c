import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitFailedError, type ConsumerRecord, Kafka } from "../../../src/client/index.ts";
import { startBroker, type TestBroker } from "../../../src/testing/index.ts";

const values = ["one", "two", "three", "four"];

async function startConsumer(
  { bootstrapServers }: TestBroker,
  clientId: string,
  eachRecord: (record: ConsumerRecord<Uint8Array, string>) => unknown,
  config = {},
) {
  const consumer = new Kafka({ bootstrapServers, clientId, retryBackoffMs: 20 }).consumer({
    ...{ groupId: "billing", autoOffsetReset: "earliest", autoCommitIntervalMs: 20, ...config },
    valueDeserializer: "string",
  });
  await consumer.subscribe("orders");
  consumer.run({ eachRecord }).catch(() => {});
  return consumer;
}

test("does my handler survive a rebalance in mid-batch?", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  await kafka.topic("orders").produce(values);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handled: string[] = [];
  await using _a = await startConsumer(kafka, "a", async ({ value }) => {
    if (value === "two") {
      atWork.resolve();
      await goOn.promise;
    }
    handled.push(String(value));
  });
  await atWork.promise;
  await using _b = await startConsumer(kafka, "b", ({ value }) => handled.push(String(value)));
  await kafka.requested({ api: "JoinGroup", clientId: "b" }); // the group rebalances while "two" is at work
  goOn.resolve();
  await kafka.group("billing").stable({ members: 2, partitions: 2 });
  await kafka.topic("orders").consumed("billing");
  assert.deepEqual(handled.toSorted(), values.toSorted()); // and none of them twice
});

test("what happens when my commit fails?", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(values);
  await using consumer = new Kafka({ bootstrapServers: kafka.bootstrapServers }).consumer({
    ...{ groupId: "billing", autoOffsetReset: "earliest", enableAutoCommit: false },
  });
  await consumer.subscribe("orders");
  for await (const _record of consumer) break;
  kafka.on("OffsetCommit", { group: "billing" }).once().fail("ILLEGAL_GENERATION");
  await assert.rejects(consumer.commit(), CommitFailedError); // somebody else may have the partition now
  assert.deepEqual((await kafka.group("billing").view()).offsets, {});
});

test("does a slow handler get kicked?", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(["slow"]);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handler = () => {
    atWork.resolve();
    return goOn.promise;
  };
  await using _consumer = await startConsumer(kafka, "a", handler, { maxPollIntervalMs: 100 });
  await atWork.promise;
  await kafka.group("billing").empty(); // yes, after max.poll.interval.ms: it leaves the group by itself
  assert.equal(kafka.requests({ api: "LeaveGroup", clientId: "a" }).length, 1);
  goOn.resolve();
  await kafka.topic("orders").consumed("billing"); // and joins again when the handler is done
});
