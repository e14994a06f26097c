/** What outlives `stop`: nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBroker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";
import { createTopic, isParked, openCoordinator, startBroker } from "./harness.ts";

/** A log that makes the partitions of one topic when the test says so, and says what was asked of it too late. */
function slowToMake(topic: string) {
  const log = openMemoryLog({ platform: nodePlatform });
  const { promise: go, resolve: goOn } = Promise.withResolvers<void>();
  const late: string[] = [];
  let isClosed = false;
  const inTime = (what: string) => isClosed && late.push(what);
  const slow: Log = {
    partitions: () => log.partitions(),
    get: (name, partition) => log.get(name, partition),
    create: async (at, config) => {
      inTime(`create ${at.topic}`);
      if (at.topic === topic) await go;
      return log.create(at, config);
    },
    delete: (name, partition) => {
      inTime(`delete ${name}`);
      return log.delete(name, partition);
    },
    clean: (wallMs) => log.clean(wallMs),
    close: async () => {
      isClosed = true;
    },
  };
  return { log: slow, late, goOn };
}

const newTopic = (name: string) => {
  return { topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 1000 };
};

test("a coordinator whose topic is just being made does not begin to lead", async () => {
  const { log, goOn } = slowToMake("__consumer_offsets");
  const { broker, clock, connect } = await startBroker({ log });
  const asked = connect().ask(FindCoordinator, 6, { keyType: 0, coordinatorKeys: ["billing"] });
  await settle();
  const stopped = broker.stop();
  goOn();
  await Promise.all([stopped, asked]);
  await settle();
  assert.equal(clock.pendingAlarms, 0);
});

test("a topic that is being deleted takes the offsets that groups committed for it along", async () => {
  const { log, goOn } = slowToMake("slow");
  const under = await startBroker({ log });
  await createTopic(under, "orders");
  const client = under.connect();
  await openCoordinator(client);
  const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: "" }];
  await client.ask(OffsetCommit, 8, { groupId: "billing", memberId: "", topics: [{ name: "orders", partitions }] });

  const made = under.connect().ask(CreateTopics, 7, newTopic("slow"));
  await settle();
  const deleted = under.connect().ask(DeleteTopics, 4, { topicNames: ["orders"], timeoutMs: 1000 });
  await settle();
  const stopped = under.broker.stop();
  goOn();
  await Promise.all([made, deleted, stopped]);

  const after = await startBroker({ log });
  await createTopic(after, "orders");
  const topics = [{ name: "orders", partitionIndexes: [0] }];
  const fetched = await after.connect().ask(OffsetFetch, 5, { groupId: "billing", topics });
  assert.equal(fetched.topics[0]?.partitions[0]?.committedOffset, -1);
});

test("all that is to be made or deleted is so before the log is closed", async () => {
  const { log, late, goOn } = slowToMake("slow");
  const { broker, connect } = await startBroker({ log });
  const made = connect().ask(CreateTopics, 7, newTopic("slow"));
  await settle();
  const stopped = broker.stop();
  const another = connect().ask(CreateTopics, 7, newTopic("another")); // one that is not stopped yet hears of it
  await settle();
  goOn();
  await Promise.all([made, another, stopped]);
  await settle();
  assert.deepEqual(late, []);
});

test("who asks for a topic to be made or deleted while the broker stops is told to come again", async () => {
  const { log, goOn } = slowToMake("slow");
  const { broker, connect } = await startBroker({ log });
  const made = connect().ask(CreateTopics, 7, newTopic("slow"));
  await settle();
  const stopped = broker.stop();
  await settle();
  const another = await connect().ask(CreateTopics, 7, newTopic("another"));
  assert.equal(another.topics[0]?.errorCode, ErrorCode.REQUEST_TIMED_OUT);
  const deleting = connect().ask(DeleteTopics, 4, { topicNames: ["slow"], timeoutMs: 1000 });
  goOn();
  assert.equal((await deleting).responses[0]?.errorCode, ErrorCode.REQUEST_TIMED_OUT);
  assert.equal((await made).topics[0]?.errorCode, ErrorCode.NONE, "what was made is told");
  await stopped;
});

test("who stops a broker twice waits twice", async () => {
  const { log, goOn } = slowToMake("slow");
  const { broker, connect } = await startBroker({ log });
  const made = connect().ask(CreateTopics, 7, newTopic("slow"));
  await settle();
  const stops = [broker.stop(), broker.stop()] as const;
  assert.deepEqual(await Promise.all(stops.map(isParked)), [true, true]);
  goOn();
  await Promise.all([...stops, made]);
});

/** A broker that has not started, over this log. */
function notStarted(log: Log) {
  const clock = new VirtualClock();
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const parts = { clock, rng: seededRng(), platform: nodePlatform, log, logger };
  const broker = createBroker({ ...parts, config: new BrokerConfig(new Map()) });
  return { broker, clock, start: () => broker.start(new Map([["PLAINTEXT", { host: "broker.test", port: 9092 }]])) };
}

test("a broker that is stopped while it starts leaves nothing", async () => {
  const { log, goOn } = slowToMake("__cluster_metadata");
  const { broker, clock, start } = notStarted(log);
  const started = start();
  const stopped = broker.stop();
  goOn();
  await Promise.allSettled([started, stopped]);
  await settle();
  assert.equal(clock.pendingAlarms, 0);
});

test("a broker that cannot start is stopped like any other", async () => {
  const memory = openMemoryLog({ platform: nodePlatform });
  const failing: Log = {
    partitions: () => memory.partitions(),
    get: (name, partition) => memory.get(name, partition),
    create: async (at, config) => {
      const partition = await memory.create(at, config);
      return Object.assign(partition, { append: () => ({ ok: false, refusal: "failed" }) });
    },
    delete: (name, partition) => memory.delete(name, partition),
    clean: (wallMs) => memory.clean(wallMs),
    close: () => memory.close(),
  };
  const { broker, clock, start } = notStarted(failing);
  await assert.rejects(start(), /takes no records/);
  await broker.stop();
  assert.equal(clock.pendingAlarms, 0);
});
