/** Several nodes in one broker: leaders and coordinators that move. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka as KafkaJS, logLevel } from "kafkajs";
import { Kafka } from "../../src/client/index.ts";
import { startBroker } from "../../src/testing/index.ts";
import { startMember, three } from "./members.ts";

const quickRetries = { "retry.backoff.ms": 5, "reconnect.backoff.ms": 5 };

test("clients see every node, and each partition at its leader", async () => {
  await using kafka = await startBroker({ nodes: 3, topics: { orders: 3 } });
  assert.equal(kafka.brokers.length, 3);
  await using admin = new Kafka({ bootstrapServers: kafka.brokers[2]! }).admin();
  const { brokers } = await admin.describeCluster();
  const ports = brokers.map(({ nodeId, host, port }) => `${nodeId} ${host}:${port}`);
  assert.deepEqual(
    ports,
    kafka.brokers.map((broker, at) => `${at + 1} ${broker}`),
  );
  const [orders] = await admin.describeTopics(["orders"]);
  const leaders = orders!.partitions.map(({ leaderId }) => leaderId);
  assert.deepEqual(leaders.toSorted(), [1, 2, 3]);
  assert.deepEqual(
    leaders,
    [0, 1, 2].map((partition) => kafka.topic("orders").leaderOf(partition)),
  );
});

for (const nodes of [1, 3]) {
  test(`with ${nodes} node(s) a producer and a consumer follow a partition whose leader moves`, async () => {
    await using kafka = await startBroker({ nodes, topics: { orders: 1 } });
    const orders = kafka.topic("orders");
    await using producer = new Kafka({ bootstrapServers: kafka.bootstrapServers, ...quickRetries }).producer();
    await using member = await startMember(kafka, { config: { ...quickRetries, autoCommitIntervalMs: 5 } });
    for (const value of three) {
      await producer.send({ topic: "orders", value });
      await orders.consumed("billing");
      await orders.moveLeader(0);
    }
    await producer.send({ topic: "orders", value: "four" });
    await orders.consumed("billing");
    assert.deepEqual(member.values, [...three, "four"]);
    const refused = kafka.requests({ topic: "orders", where: ({ errors }) => errors.length > 0 });
    const errors = new Set(refused.flatMap((request) => request.errors));
    assert.ok(errors.has(nodes === 1 ? "FENCED_LEADER_EPOCH" : "NOT_LEADER_OR_FOLLOWER"), [...errors].join());
  });

  test(`with ${nodes} node(s) a group goes on when its coordinator moves`, async () => {
    await using kafka = await startBroker({ nodes, topics: { orders: 2 } });
    await using _member = await startMember(kafka, {
      config: { ...quickRetries, heartbeatIntervalMs: 20, autoCommitIntervalMs: 20 },
    });
    const group = kafka.group("billing");
    const { generation, members } = await group.stable({ members: 1 });
    await kafka.requested({ api: "Heartbeat" });
    kafka.forget();
    await group.moveCoordinator();
    await kafka.requested({ api: "FindCoordinator" });
    await kafka.requested({ api: "Heartbeat", where: ({ errors }) => errors.length === 0 });
    const after = await group.stable({ members: 1 });
    assert.deepEqual([after.generation, after.members[0]?.memberId], [generation, members[0]?.memberId]);
  });
}

test("kafkajs follows leaders and coordinators from node to node", async () => {
  await using kafka = await startBroker({ nodes: 2, topics: { orders: 2 } });
  const retry = { initialRetryTime: 5, retries: 20 };
  const client = new KafkaJS({ brokers: kafka.brokers, logLevel: logLevel.NOTHING, retry });
  const [producer, consumer] = [
    client.producer(),
    client.consumer({ groupId: "billing", heartbeatInterval: 50, maxWaitTimeInMs: 50 }),
  ];
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  const values: string[] = [];
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
  await kafka.group("billing").stable({ members: 1 });
  await producer.send({ topic: "orders", messages: [{ value: "one", partition: 0 }] });
  await kafka.topic("orders").consumed("billing");
  await kafka.topic("orders").moveLeader(0);
  await kafka.group("billing").moveCoordinator();
  await producer.send({ topic: "orders", messages: [{ value: "two", partition: 0 }] });
  await kafka.topic("orders").consumed("billing");
  assert.deepEqual(values, ["one", "two"]);
  await Promise.all([producer.disconnect(), consumer.disconnect()]);
});

test("a leader can only go to a node that is there", async () => {
  await using kafka = await startBroker({ nodes: 2, topics: ["orders"] });
  await assert.rejects(kafka.topic("orders").moveLeader(0, 3), /there is no node 3: this broker has 2/);
});
