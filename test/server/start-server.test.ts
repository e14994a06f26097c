import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka, logLevel } from "kafkajs";
import { loadConfig } from "../../src/broker/config-sources.ts";
import { ConfigError, StartError, startServer } from "../../src/index.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { serve } from "../../src/server/serve.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const config = { listeners: "PLAINTEXT://127.0.0.1:0", "num.partitions": "3" };

test("a program starts a server, and clients find it where it says", async () => {
  const server = await startServer({ config, ephemeral: true });
  const admin = new Kafka({ brokers: [server.bootstrapServers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "t" }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: ["t"] });
  assert.equal(topics[0]?.partitions.length, 3);
  await admin.disconnect();
  await server.close();
});

test("two servers live in one process and share nothing", async () => {
  const servers = await Promise.all([
    startServer({ config, ephemeral: true }),
    startServer({ config, ephemeral: true }),
  ]);
  const admins = servers.map(({ bootstrapServers }) =>
    new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING }).admin(),
  );
  await Promise.all(admins.map((admin) => admin.connect()));
  await admins[0]!.createTopics({ topics: [{ topic: "t" }] });
  assert.deepEqual(await admins[0]!.listTopics(), ["t"]);
  assert.deepEqual(await admins[1]!.listTopics(), []);
  await Promise.all(admins.map((admin) => admin.disconnect()));
  await Promise.all(servers.map((server) => server.close()));
});

test("a config that cannot be, and a port that is taken, are told apart", async () => {
  const bad = startServer({ config: { ...config, "num.partitions": "many" }, ephemeral: true });
  await assert.rejects(bad, (error) => error instanceof ConfigError && /num\.partitions: "many"/.test(error.message));

  const server = await startServer({ config, ephemeral: true });
  const listeners = `PLAINTEXT://${server.bootstrapServers}`;
  await assert.rejects(startServer({ config: { listeners }, ephemeral: true }), StartError);
  await server.close();
});

test("what the server does not act on is warned about", async () => {
  const warned: string[] = [];
  const logger = { debug() {}, info() {}, warn: (_: object, message: string) => warned.push(message), error() {} };
  const server = await startServer({ config: { ...config, "no.such.key": "1" }, ephemeral: true, logger });
  await server.close();
  assert.match(warned.join("\n"), /no\.such\.key given to startServer/);
});

test("a server whose log takes nothing does not start, and nothing of it goes on", async () => {
  const clock = new VirtualClock();
  const log = openMemoryLog({ platform: nodePlatform });
  const create = log.create.bind(log);
  log.create = async (...asked) =>
    Object.assign(await create(...asked), { append: () => ({ ok: false, refusal: "failed" }) });
  const settings = Object.entries(config).map(([key, value]) => ({ key, value, where: "here" }));
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const options = { config: loadConfig(settings).config, ephemeral: true, logger, onFailure: () => assert.fail() };
  await assert.rejects(serve({ ...options, parts: { clock, log } }), /takes no records/);
  assert.equal(clock.pendingAlarms, 0);
});
