import assert from "node:assert/strict";
import { test } from "node:test";
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { startBroker, type TestBroker } from "../../../src/testing/index.ts";

const values = ["one", "two", "three", "four"];

async function startConsumer(kafka: TestBroker, clientId: string, handle: (value: string) => unknown) {
  const consumer = new Consumer({
    ...{ clientId, bootstrapBrokers: kafka.brokers, groupId: "billing", deserializers: stringDeserializers },
    ...{ sessionTimeout: 2000, rebalanceTimeout: 4000, heartbeatInterval: 20, maxWaitTime: 20 },
    ...{ autocommit: false, retries: 50, retryDelay: 20 },
  });
  const mode = MessagesStreamModes.COMMITTED;
  const fallbackMode = MessagesStreamFallbackModes.EARLIEST;
  const stream = await consumer.consume({ topics: ["orders"], mode, fallbackMode });
  const handling = async () => {
    for await (const { value, commit } of stream) {
      await handle(value);
      await Promise.resolve(commit()).catch(() => {}); // the group has moved on: the record comes again
    }
  };
  handling().catch(() => {}); // a fetch under way when it is closed
  const close = async () => {
    await kafka.group("billing").stable(); // in the middle of joining it does not close well
    await stream.close();
    await consumer.close(true).catch(() => consumer.close(true));
  };
  return { [Symbol.asyncDispose]: close };
}

test("does my handler survive a rebalance in mid-batch?", async () => {
  await using kafka = await startBroker({ topics: { orders: 2 } });
  await kafka.topic("orders").produce(values);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handled = new Set<string>(); // idempotent: a record that comes again changes nothing
  await using _a = await startConsumer(kafka, "a", async (value) => {
    if (value === "two") {
      atWork.resolve();
      await goOn.promise;
    }
    handled.add(value);
  });
  await atWork.promise;
  await using _b = await startConsumer(kafka, "b", (value) => handled.add(value));
  goOn.resolve();
  await kafka.group("billing").stable({ members: 2 });
  await kafka.topic("orders").consumed("billing");
  assert.deepEqual([...handled].toSorted(), values.toSorted());
});

test("what happens when my commit fails?", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(values);
  const fault = kafka.on("OffsetCommit", { group: "billing" }).once().fail("ILLEGAL_GENERATION");
  const handled: string[] = [];
  await using _consumer = await startConsumer(kafka, "a", (value) => handled.push(value));
  await kafka.topic("orders").consumed("billing");
  assert.equal(fault.hits, 1);
  assert.deepEqual(handled.slice(-values.length), values); // nothing is lost: a later commit covers the one that failed
});

test("does a slow handler get kicked?", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(["slow"]);
  const [atWork, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using _consumer = await startConsumer(kafka, "a", () => {
    atWork.resolve();
    return goOn.promise;
  });
  await atWork.promise;
  const { generation } = await kafka.group("billing").stable({ members: 1 });
  await kafka.requested({ api: "Heartbeat", clientId: "a" }, { times: 120 }); // longer than its session of 2 s
  assert.equal((await kafka.group("billing").view()).generation, generation); // no: heartbeats go on beside it
  goOn.resolve();
});
