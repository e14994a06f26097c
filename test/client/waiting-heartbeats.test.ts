/** Consumers whose heartbeats wait, on brokers that allow it, and no more when one takes over that does not. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Party, type Pauses } from "../../src/bench/pauses/party.ts";
import type { ConsumerConfigInput } from "../../src/client/consumer-keys.ts";
import type { RequestEvent } from "../../src/client/diagnostics.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { startServer } from "../../src/server/start-server.ts";
import { until } from "../interop/support/until.ts";
import { unique } from "./broker.ts";
import { reading } from "./support/consumers.ts";
import { assertShort } from "./support/pauses.ts";

const base = { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "0" };
const shortSessions = { ...base, "group.min.session.timeout.ms": "500" };

async function startBroker(config: Readonly<Record<string, string>>) {
  const server = await startServer({ ephemeral: true, config });
  after(() => server.close());
  return server;
}

/** Heartbeats that were answered, of the client with that id. */
function heartbeatsOf(clientId: string): RequestEvent[] {
  const found: RequestEvent[] = [];
  const listen = (message: unknown) => {
    const event = message as RequestEvent;
    if (event.api === "Heartbeat" && event.clientId === clientId && event.error === undefined) found.push(event);
  };
  subscribe("regroup.client.request", listen);
  after(() => unsubscribe("regroup.client.request", listen));
  return found;
}

async function consumerOf(bootstrapServers: string, config: Omit<ConsumerConfigInput, "groupId">) {
  const clientId = unique("client");
  const kafka = new Kafka({ bootstrapServers, clientId, retryBackoffMs: 20, reconnectBackoffMaxMs: 100 });
  await using admin = kafka.admin();
  const topic = unique("orders");
  await admin.createTopics([{ topic, numPartitions: 1, replicationFactor: 1 }]);
  const consumer = kafka.consumer({ groupId: unique("billing"), ...config });
  await consumer.subscribe([topic]);
  const { ended } = reading(consumer);
  await until("it is in the group", () => consumer.assignment().length === 1);
  return { consumer, clientId, ended, [Symbol.asyncDispose]: () => consumer.close() };
}

const takenOver = { limitMs: 50, of: ({ takenOverMs }: Pauses) => [takenOverMs] };

test("a join, a leave and a crash are taken over within 50 ms after they are known", async () => {
  const { bootstrapServers } = await startBroker(shortSessions);
  await using party = await Party.open(bootstrapServers, unique("orders"), 4);
  await assertShort({ ...takenOver, rounds: 5 }, async () => {
    const joined = await party.join();
    assert.equal(joined.moved.length, 6);
    await party.leave();
    return joined;
  });
  await assertShort({ ...takenOver, rounds: 5 }, async () => {
    await party.join();
    return party.leave();
  });
  await assertShort({ ...takenOver, rounds: 3 }, () => party.crash(1000));
});

test("an idle member sends one heartbeat for each third of its session, over a connection of its own", async () => {
  const { bootstrapServers } = await startBroker(shortSessions);
  await using reader = await consumerOf(bootstrapServers, { sessionTimeoutMs: 900, heartbeatIntervalMs: 300 });
  const { clientId } = reader;
  const heartbeats = heartbeatsOf(clientId);
  await until("five were answered", () => heartbeats.length >= 5);
  for (const { lane, durationMs } of heartbeats) {
    assert.equal(lane, "heartbeat");
    assert.ok(durationMs >= 290, `it waited ${durationMs} ms`);
  }
});

test("closing does not wait for a heartbeat that waits, also when the member stays in the group", async () => {
  const { bootstrapServers } = await startBroker(base);
  await using reader = await consumerOf(bootstrapServers, { groupInstanceId: "billing-0" });
  const { consumer, clientId, ended } = reader;
  const heartbeats = heartbeatsOf(clientId);
  const startedMs = performance.now();
  await consumer.close({ membership: "remain" });
  await ended;
  assert.ok(performance.now() - startedMs < 5000, "one of the default session waits 15 s");
  assert.deepEqual(heartbeats, []);
});

test("the coordinator is taken over by a broker that answers at once, and by one that does not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-heartbeats-"));
  const config = { ...shortSessions, "log.dirs": folder, "offsets.topic.num.partitions": "1" };
  let server = await startServer({ config });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const { bootstrapServers } = server;
  const restart = async (maxWaitMs: string) => {
    await server.close();
    const listeners = `PLAINTEXT://${bootstrapServers}`;
    server = await startServer({ config: { ...config, listeners, "group.heartbeat.max.wait.ms": maxWaitMs } });
  };
  await using reader = await consumerOf(bootstrapServers, { sessionTimeoutMs: 6000 });
  const { consumer, clientId } = reader;
  const before = consumer.groupMetadata();
  const heartbeats = heartbeatsOf(clientId);

  await restart("0");
  await until("it is heard of", () => heartbeats.some(({ lane }) => lane === "main"));
  assert.deepEqual(consumer.groupMetadata(), before, "the membership has lasted");

  await restart("100");
  heartbeats.length = 0;
  await until("it waits again", () => heartbeats.filter(({ lane }) => lane === "heartbeat").length >= 3);
  assert.deepEqual(consumer.groupMetadata(), before);
});
