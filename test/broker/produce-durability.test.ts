import assert from "node:assert/strict";
import { test } from "node:test";
import { produce as handle } from "../../src/broker/handlers/produce.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { decodeRequest, encodeRequest } from "../../src/protocol/codec.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { settle } from "../support/virtual-clock.ts";
import { batchOf, type Client, createTopic, isParked, startBroker } from "./harness.ts";
import { SlowDisk } from "./slow-log.ts";

async function startSlow() {
  const disk = new SlowDisk();
  const under = await startBroker({ log: disk.under(openMemoryLog({ platform: nodePlatform }), "orders") });
  await createTopic(under, "orders", 2);
  await createTopic(under, "quick");
  return { ...under, disk };
}

function produceOf(acks: number, topics: readonly string[] = ["orders"]) {
  const topicData = topics.map((name) => ({ name, partitionData: [{ index: 0, records: batchOf(["a"]) }] }));
  return { transactionalId: null, acks, timeoutMs: 1000, topicData };
}

async function produce(client: Client, acks: number, topics?: readonly string[]): Promise<[number, number][]> {
  const { responses } = await client.ask(Produce, 9, produceOf(acks, topics));
  return responses.map(({ partitionResponses: [partition] }) => [partition!.errorCode, partition!.baseOffset]);
}

test("acks=1 and acks=all are answered when the append is durable, not before", async () => {
  const { connect, disk } = await startSlow();
  for (const [offset, acks] of [1, -1].entries()) {
    const answer = produce(connect(), acks);
    assert.equal(await isParked(answer), true);
    disk.sync();
    assert.deepEqual(await answer, [[ErrorCode.NONE, offset]]);
  }
});

test("a request for several partitions is answered when the last of them is durable", async () => {
  const { connect, disk } = await startSlow();
  const answer = produce(connect(), -1, ["quick", "orders"]);
  assert.equal(await isParked(answer), true);
  disk.sync();
  assert.deepEqual(await answer, [
    [ErrorCode.NONE, 0],
    [ErrorCode.NONE, 0],
  ]);
});

test("an append that never becomes durable is KAFKA_STORAGE_ERROR, the others stand", async () => {
  const { connect, disk } = await startSlow();
  const answer = produce(connect(), -1, ["quick", "orders"]);
  await settle();
  disk.fail();
  assert.deepEqual(await answer, [
    [ErrorCode.NONE, 0],
    [ErrorCode.KAFKA_STORAGE_ERROR, -1],
  ]);
});

test("a defect in one append is told at once, whichever partitions are awaited still", async () => {
  const { broker, disk } = await startSlow();
  const request = decodeRequest(Produce, 9, encodeRequest(Produce, 9, produceOf(-1, ["quick", "orders", "orders"])));
  const connection = { clientHost: "", listener: "", isClosed: false, onClosed: () => () => {}, hold: () => () => {} };
  const context = { broker: broker.services, connection: { ...connection, close() {} }, version: 9, clientId: "" };
  const answer = assert.rejects(async () => handle(request, context), /a defect/);
  assert.equal(disk.appendsInFlight, 2);
  disk.break(1);
  await answer;
  disk.fail(); // heard by nobody, and no unhandled rejection either
  await settle();
});

test("acks=0 that never becomes durable closes the connection", async () => {
  const { connect, disk } = await startSlow();
  const client = connect();
  client.send(Produce, 9, produceOf(0));
  await settle();
  assert.equal(client.closedBecause, undefined);
  disk.fail();
  await settle();
  assert.match(client.closedBecause ?? "", /KAFKA_STORAGE_ERROR/);
});

test("what the log refuses is told in Kafka's words", async () => {
  const { connect, disk } = await startSlow();
  const words = [
    ["fenced-leader-epoch", ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ["record-too-large", ErrorCode.MESSAGE_TOO_LARGE],
    ["too-many-in-flight", ErrorCode.NOT_ENOUGH_REPLICAS],
    ["corrupt", ErrorCode.KAFKA_STORAGE_ERROR],
    ["failed", ErrorCode.KAFKA_STORAGE_ERROR],
    ["deleted", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ] as const;
  for (const [refusal, errorCode] of words) {
    disk.refusal = refusal;
    assert.deepEqual(await produce(connect(), -1), [[errorCode, -1]]);
  }
});
