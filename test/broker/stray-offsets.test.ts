/** Rule 40: offsets go with their topic, also those of a shard that does not hear of the deletion. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBroker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { Log, PartitionLog } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";
import { Client, createTopic, openCoordinator } from "./harness.ts";

async function startOver(log: Log) {
  const clock = new VirtualClock();
  const config = new BrokerConfig(new Map([["offsets.topic.num.partitions", "1"]]));
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const broker = createBroker({ clock, rng: seededRng(), platform: nodePlatform, log, config, logger });
  await broker.start(new Map([["PLAINTEXT", { host: "broker.test", port: 9092 }]]));
  return { broker, clock, log, connect: (clientId = "client") => new Client(broker, clientId) };
}

/** A broker whose groups are down, to be loaded again in a second, while the topic of their offsets is deleted. */
async function withDeafGroups() {
  const under = await startOver(openMemoryLog({ platform: nodePlatform }));
  await createTopic(under, "orders");
  await createTopic(under, "payments");
  const client = under.connect();
  await openCoordinator(client);
  const commit = async () => {
    const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: "" }];
    const topics = ["orders", "payments"].map((name) => ({ name, partitions }));
    const answer = await client.ask(OffsetCommit, 8, { groupId: "billing", memberId: "", topics });
    return answer.topics[0]?.partitions[0]?.errorCode;
  };
  assert.equal(await commit(), ErrorCode.NONE);

  const offsets = under.log.get("__consumer_offsets", 0) as PartitionLog;
  const { append } = offsets;
  offsets.append = () => ({ ok: false, refusal: "failed" });
  assert.equal(await commit(), ErrorCode.NOT_COORDINATOR);
  offsets.append = append;

  await client.ask(DeleteTopics, 4, { topicNames: ["orders"], timeoutMs: 1000 });
  await settle();
  assert.equal(under.log.get("orders", 0), undefined);
  return under;
}

async function committed({ connect }: { connect: () => Client }): Promise<(number | undefined)[]> {
  const topics = ["orders", "payments"].map((name) => ({ name, partitionIndexes: [0] }));
  const answer = await connect().ask(OffsetFetch, 5, { groupId: "billing", topics });
  assert.equal(answer.errorCode, ErrorCode.NONE);
  return answer.topics.map(({ partitions }) => partitions[0]?.committedOffset);
}

test("a shard that is down when a topic is deleted finds its offsets when it is loaded", async () => {
  const under = await withDeafGroups();
  await under.clock.advance(1000);
  await createTopic(under, "orders");
  assert.deepEqual(await committed(under), [-1, 5]);
});

test("nor does a topic get them that is made again before", async () => {
  const under = await withDeafGroups();
  await createTopic(under, "orders");
  await under.clock.advance(1000);
  assert.deepEqual(await committed(under), [-1, 5]);
});

test("a crash after a topic's logs went leaves its offsets to be found by the next start", async () => {
  const { log } = await withDeafGroups();
  const under = await startOver(log);
  await settle();
  await createTopic(under, "orders");
  assert.deepEqual(await committed(under), [-1, 5]);
});
