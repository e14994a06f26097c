import assert from "node:assert/strict";
import { test } from "node:test";
import { createBroker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { topicOf } from "../metadata/metadata-shard.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";

const errors: string[] = [];
const warned: string[] = [];
const warn = (_: object, message: string) => void warned.push(message);
const logger = { debug() {}, info() {}, warn, error: (_: object, message: string) => errors.push(message) };

/** A broker over a log that an earlier one may have left as a crash leaves it: nobody closed it. */
async function startOver(log: Log, given: Readonly<Record<string, string>> = {}) {
  const broker = createBroker({
    clock: new VirtualClock(),
    rng: seededRng(),
    platform: nodePlatform,
    log,
    config: new BrokerConfig(new Map(Object.entries(given))),
    logger,
  });
  await broker.start(new Map([["PLAINTEXT", { host: "broker.test", port: 9092 }]]));
  const create = async (...names: string[]) => {
    const topics = names.map((name) => topicOf(name));
    const outcome = await broker.services.metadataShard.submit("CreateTopics", { topics, validateOnly: false });
    await broker.services.metadataShard.settled();
    return outcome;
  };
  return { services: broker.services, create };
}

function leaderEpochOf({ services }: Awaited<ReturnType<typeof startOver>>, topic: string): number {
  const found = services.partition(topic, 0);
  if (!found.ok) throw new Error(`${topic}: error ${found.errorCode}`);
  return found.partition.leaderEpoch;
}

test("topics, ids and the cluster's id outlive the broker; each start is a new leader epoch", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const first = await startOver(log);
  await first.create("orders");
  const { topicId } = first.services.metadata.topic("orders")!;
  const second = await startOver(log);
  assert.equal(second.services.clusterId, first.services.clusterId);
  assert.equal(second.services.metadata.topic("orders")!.topicId, topicId);
  assert.deepEqual([leaderEpochOf(first, "orders"), leaderEpochOf(second, "orders")], [0, 1]);
});

test("an append under the epoch of a broker that was replaced is fenced", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const first = await startOver(log);
  await first.create("orders");
  await startOver(log);
  const stale = { leaderEpoch: leaderEpochOf(first, "orders"), wallMs: 0 };
  assert.deepEqual(log.get("orders", 0)!.admit(100, stale), { ok: false, refusal: "fenced-leader-epoch" });
});

test("a crash between a topic's records and its logs is mended at the next start, so is one at its end", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const first = await startOver(log);
  await first.create("orders", "payments");
  await log.delete("orders", 0); // as if the crash had come before the log was made
  const stray = { topic: "gone", partition: 0, topicId: "EREREREREREREREREREREQ" };
  await log.create(stray, log.get("payments", 0)!.config); // and another before the log was deleted
  const second = await startOver(log);
  assert.ok(second.services.partition("orders", 0).ok);
  assert.equal(log.get("gone", 0), undefined);
});

test("producer ids are never given twice, also not after a crash", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const ids = new Set<number>();
  for (let start = 0; start < 3; start++) {
    const { services } = await startOver(log);
    const given = await Promise.all(Array.from({ length: 1500 }, () => services.allocateProducerId()));
    for (const outcome of given) ids.add(outcome.ok ? outcome.reply : -1);
  }
  assert.equal(ids.size, 4500);
});

test("a config that is altered is in force at once, in the log too", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const { services, create } = await startOver(log);
  await create("orders");
  const changes = [{ name: "max.message.bytes", value: "1000", operation: "SET" as const }];
  const resources = [{ type: 2 as const, name: "orders", replace: false, changes }];
  await services.metadataShard.submit("AlterConfigs", { resources, validateOnly: false });
  await settle();
  assert.equal(log.get("orders", 0)!.config.maxMessageBytes, 1000);
  assert.equal(services.metadata.topicConfig("orders", "max.message.bytes"), "1000");
  assert.deepEqual(errors, []);
});

test("a topic's flush.messages that was taken while all is synced is warned of when it is kept no more", async () => {
  const log = openMemoryLog({ platform: nodePlatform });
  const first = await startOver(log);
  const topics = [topicOf("plain"), topicOf("synced", { configs: [{ name: "flush.messages", value: "1" }] })];
  await first.services.metadataShard.submit("CreateTopics", { topics, validateOnly: false });
  warned.length = 0;
  await startOver(log);
  assert.deepEqual(warned, []);
  await startOver(log, { "log.flush.interval.messages": "1000" });
  assert.deepEqual(warned, ["flush.messages=1 of topic synced is not kept: log.flush.interval.messages is not 1"]);
});
