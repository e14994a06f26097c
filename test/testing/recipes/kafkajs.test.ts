import assert from "node:assert/strict";
import { test } from "node:test";
import { type EachMessagePayload, Kafka, logLevel } from "kafkajs";
import { startBroker, type TestBroker } from "../../../src/testing/index.ts";

const values = ["one", "two", "three", "four"];

async function startConsumer(
  kafka: TestBroker,
  clientId: string,
  eachMessage: (it: EachMessagePayload) => Promise<void>,
) {
  const retry = { initialRetryTime: 20 };
  const client = new Kafka({ brokers: kafka.brokers, clientId, retry, logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: "billing", heartbeatInterval: 20, maxWaitTimeInMs: 20 });
  await consumer.connect();
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  await consumer.run({ eachMessage });
  return { [Symbol.asyncDispose]: () => consumer.disconnect() };
}

test("does my handler survive a rebalance in mid-batch?", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  await kafka.topic("orders").produce(values);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handled = new Set<string>(); // idempotent: a record that comes again changes nothing
  await using _a = await startConsumer(kafka, "a", async ({ message }) => {
    if (String(message.value) === "two") {
      atWork.resolve();
      await goOn.promise;
    }
    handled.add(String(message.value));
  });
  await atWork.promise;
  const joining = startConsumer(kafka, "b", async ({ message }) => {
    handled.add(String(message.value));
  });
  await kafka.requested({ api: "JoinGroup", clientId: "b" }); // the group rebalances while "two" is at work
  goOn.resolve();
  await using _b = await joining;
  await kafka.group("billing").stable({ members: 2 });
  await kafka.topic("orders").consumed("billing");
  assert.deepEqual([...handled].toSorted(), values.toSorted());
});

test("what happens when my commit fails?", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(values);
  const fault = kafka.on("OffsetCommit", { group: "billing" }).once().fail("ILLEGAL_GENERATION");
  const handled: string[] = [];
  await using _consumer = await startConsumer(kafka, "a", async ({ message }) => {
    handled.push(String(message.value));
  });
  await kafka.topic("orders").consumed("billing");
  assert.equal(fault.hits, 1);
  assert.deepEqual(handled, [...values, ...values]); // the whole batch came again: the handler must be idempotent
});

test("does a slow handler get kicked?", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  await kafka.topic("orders").produce(["slow"]);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using _consumer = await startConsumer(kafka, "a", async () => {
    atWork.resolve();
    await goOn.promise; // without calling heartbeat()
  });
  await atWork.promise;
  await kafka.clock.advance("31s"); // kafkajs's standard session is 30 s
  await kafka.group("billing").empty(); // yes: kafkajs sends no heartbeats while a handler is at work
  goOn.resolve();
  await kafka.topic("orders").consumed("billing");
});

test("what happens when my transaction takes too long?", async () => {
  await using kafka = await startBroker({ topics: ["orders"], clock: "virtual" });
  const client = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING });
  const producer = client.producer({ transactionalId: "transfer-1", maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic: "orders", messages: [{ value: "late" }] });
  await kafka.clock.advance("70s"); // longer than its transactionTimeout
  await assert.rejects(transaction.commit(), { type: "INVALID_PRODUCER_EPOCH" }); // close it, and make a new one
  await producer.disconnect();
});
