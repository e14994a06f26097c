/** A broker that dies and comes back, with or without what it had not synced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka } from "../../src/client/index.ts";
import { startBroker } from "../../src/testing/index.ts";
import { startMember, three } from "./members.ts";

const quickRetries = { "retry.backoff.ms": 5, "reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 20 };

test("after a crash and a restart at the same port a group goes on in its generation", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(three);
  await using member = await startMember(kafka, { config: { ...quickRetries, autoCommitIntervalMs: 5 } });
  await kafka.topic("orders").consumed("billing");
  const { generation, members } = await kafka.group("billing").view();
  const { bootstrapServers } = kafka;

  await kafka.crash();
  assert.throws(() => kafka.topic("orders").endOffsets(), /not running: restart/);
  await kafka.restart();
  assert.equal(kafka.bootstrapServers, bootstrapServers);
  await kafka.topic("orders").produce(["four"]);
  await kafka.topic("orders").consumed("billing");
  const after = await kafka.group("billing").stable({ members: 1 });
  assert.deepEqual([after.generation, after.members[0]?.memberId], [generation, members[0]?.memberId]);
  assert.deepEqual(member.values, [...three, "four"]);
});

for (const [unsynced, stored] of [
  ["kept", 2],
  ["lost", 1],
] as const) {
  test(`a record that was not synced is ${unsynced} in a crash that says so, and answered by none`, async () => {
    await using kafka = await startBroker({ topics: ["orders"] });
    const client = new Kafka({ bootstrapServers: kafka.bootstrapServers, ...quickRetries });
    await using producer = client.producer({ "delivery.timeout.ms": 600, "request.timeout.ms": 500, lingerMs: 0 });
    await producer.send({ topic: "orders", value: "zero" }); // it has its producer id now
    kafka.forget();
    kafka.holdDisk();
    const sent = producer.send({ topic: "orders", value: "one" });
    sent.catch(() => undefined);
    await kafka.requested({ api: "Produce" });
    await kafka.crash({ unsynced });
    kafka.on("Produce").drop();
    await kafka.restart();
    assert.deepEqual(kafka.topic("orders").endOffsets(), [stored]);
    await assert.rejects(sent);
  });
}

test("what was acknowledged is never lost", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  const client = new Kafka({ bootstrapServers: kafka.bootstrapServers, ...quickRetries });
  await using producer = client.producer();
  for (let round = 0; round < 3; round++) {
    await producer.send({ topic: "orders", value: `round ${round}` });
    await kafka.crash({ unsynced: "lost" });
    await kafka.restart();
  }
  assert.deepEqual(kafka.topic("orders").endOffsets(), [3]);
});

test("a held disk delays answers until it is released", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await using producer = new Kafka({ bootstrapServers: kafka.bootstrapServers }).producer();
  await producer.send({ topic: "orders", value: "zero" });
  kafka.forget();
  kafka.holdDisk();
  const sent = producer.send({ topic: "orders", value: "one" });
  await kafka.requested({ api: "Produce" });
  assert.equal(kafka.requests({ api: "Produce" })[0]?.outcome, "pending");
  kafka.releaseDisk();
  assert.equal((await sent).offset, 1);
});

test("a restart without a crash answers what is parked, and keeps everything", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(three);
  await using member = await startMember(kafka, { config: { ...quickRetries, autoCommitIntervalMs: 5 } });
  await kafka.topic("orders").consumed("billing");
  await kafka.stop();
  assert.match((await kafka.group("billing").view()).state, /the broker is down/);
  await kafka.restart();
  await kafka.group("billing").stable({ members: 1 });
  assert.deepEqual(kafka.topic("orders").endOffsets(), [3]);
  assert.deepEqual(member.values, three);
});
