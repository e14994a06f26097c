import assert from "node:assert/strict";
import { test } from "node:test";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { RequestInput } from "../../src/protocol/schema.ts";
import { settle } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, batchOf, createTopic, openCoordinator, startBroker } from "./harness.ts";

type Asked = Partial<RequestInput<typeof Produce>> & { readonly topic?: string; readonly topicId?: string };

function produceOf(records: Uint8Array | null, { topic = "orders", topicId, ...more }: Asked = {}) {
  const topicData = [{ name: topic, topicId, partitionData: [{ index: 0, records }] }];
  return { transactionalId: null, acks: -1, timeoutMs: 1000, topicData, ...more };
}

/** The answer for the one partition of the request. */
async function produce(under: BrokerUnderTest, version: number, request: RequestInput<typeof Produce>) {
  const { responses } = await under.connect().ask(Produce, version, request);
  assert.equal(responses.length, 1);
  assert.equal(responses[0]!.partitionResponses.length, 1);
  return { topic: responses[0]!, ...responses[0]!.partitionResponses[0]! };
}

test("records get the offsets behind those before, in every version of Produce", async () => {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders");
  for (let version = 3; version <= 13; version++) {
    const answer = await produce(under, version, produceOf(batchOf(["a", "b"]), { topicId }));
    assert.equal(answer.errorCode, ErrorCode.NONE);
    assert.equal(answer.baseOffset, 2 * (version - 3));
    assert.equal(answer.logAppendTimeMs, -1);
    assert.equal(answer.logStartOffset, version < 5 ? -1 : 0);
    assert.equal(version < 13 ? answer.topic.name : answer.topic.topicId, version < 13 ? "orders" : topicId);
  }
});

test("a topic with LogAppendTime answers the time of the append", async () => {
  const under = await startBroker();
  await createTopic(under, "orders", 1, { "message.timestamp.type": "LogAppendTime" });
  await under.clock.advance(1234);
  const { logAppendTimeMs } = await produce(under, 9, produceOf(batchOf(["a"])));
  assert.equal(logAppendTimeMs, under.clock.now().wallMs);
});

test("acks other than 0, 1 and all are refused", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  for (const acks of [2, -2, 5]) {
    const answer = await produce(under, 9, produceOf(batchOf(["a"]), { acks }));
    assert.equal(answer.errorCode, ErrorCode.INVALID_REQUIRED_ACKS);
    assert.equal(answer.baseOffset, -1);
  }
  assert.equal((await produce(under, 9, produceOf(batchOf(["a"]), { acks: 1 }))).baseOffset, 0);
});

test("acks=0 has no answer, and the next request has one", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const client = under.connect();
  client.send(Produce, 9, produceOf(batchOf(["a"]), { acks: 0 }));
  const { responses } = await client.ask(Produce, 9, produceOf(batchOf(["b"])));
  assert.equal(responses[0]!.partitionResponses[0]!.baseOffset, 1);
  assert.equal(client.closedBecause, undefined);
});

test("acks=0 that fails closes the connection, as Kafka does", async () => {
  const under = await startBroker();
  const client = under.connect();
  client.send(Produce, 9, produceOf(batchOf(["a"]), { acks: 0 }));
  await settle();
  assert.match(client.closedBecause ?? "", /UNKNOWN_TOPIC_OR_PARTITION/);
  assert.equal(client.unawaited.length, 0);
});

test("unknown topics, partitions and topic ids are told apart", async () => {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders");
  const errorOf = async (version: number, more: Asked) =>
    (await produce(under, version, produceOf(batchOf(["a"]), more))).errorCode;
  const elsewhere = (id?: string) => [
    { name: "orders", topicId: id, partitionData: [{ index: 7, records: batchOf(["a"]) }] },
  ];
  assert.equal(await errorOf(12, { topic: "nope" }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await errorOf(12, { topicData: elsewhere() }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await errorOf(13, { topicData: elsewhere(topicId) }), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await errorOf(13, { topicId: "EREREREREREREREREREREQ" }), ErrorCode.UNKNOWN_TOPIC_ID);
  assert.equal(await errorOf(13, {}), ErrorCode.UNKNOWN_TOPIC_ID);
});

test("clients do not write to internal topics", async () => {
  const under = await startBroker();
  await openCoordinator(under.connect());
  const answer = await produce(under, 9, produceOf(batchOf(["a"]), { topic: "__consumer_offsets" }));
  assert.equal(answer.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION);
});

test("a batch that is no whole, sound, single batch is refused", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const errorOf = async (records: Uint8Array | null) => (await produce(under, 9, produceOf(records))).errorCode;
  const batch = batchOf(["a"]);
  const flipped = batch.map((byte, index) => (index === batch.length - 1 ? byte ^ 1 : byte));
  assert.equal(await errorOf(null), ErrorCode.INVALID_RECORD);
  assert.equal(await errorOf(new Uint8Array(0)), ErrorCode.INVALID_RECORD);
  assert.equal(await errorOf(new Uint8Array([...batch, ...batch])), ErrorCode.INVALID_RECORD);
  assert.equal(await errorOf(batch.subarray(0, batch.length - 3)), ErrorCode.INVALID_RECORD);
  assert.equal(await errorOf(flipped), ErrorCode.CORRUPT_MESSAGE);
  assert.equal((await produce(under, 9, produceOf(batch))).baseOffset, 0);
});

test("a batch larger than max.message.bytes is refused, and taken once the topic allows it", async () => {
  const under = await startBroker();
  await createTopic(under, "small", 1, { "max.message.bytes": "100" });
  await createTopic(under, "large");
  const batch = batchOf(["a value that does not fit into a hundred bytes"]);
  assert.equal((await produce(under, 9, produceOf(batch, { topic: "small" }))).errorCode, ErrorCode.MESSAGE_TOO_LARGE);
  assert.equal((await produce(under, 9, produceOf(batch, { topic: "large" }))).errorCode, ErrorCode.NONE);
});

test("a compacted topic names the records without a key, from v8 on", async () => {
  const under = await startBroker();
  await createTopic(under, "table", 1, { "cleanup.policy": "compact" });
  const record = (key: Uint8Array | null) => ({ key, value: Buffer.from("v"), timestamp: under.clock.now().wallMs });
  const batch = () => batchOf([], { records: [record(Buffer.from("k")), record(null)] });
  const answer = await produce(under, 8, produceOf(batch(), { topic: "table" }));
  assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD);
  assert.deepEqual(
    answer.recordErrors.map(({ batchIndex }) => batchIndex),
    [1],
  );
  assert.match(answer.recordErrors[0]!.batchIndexErrorMessage!, /without a key/);
  assert.notEqual(answer.errorMessage, null);
  assert.equal((await produce(under, 7, produceOf(batch(), { topic: "table" }))).errorCode, ErrorCode.INVALID_RECORD);
});

test("an idempotent producer's retry is answered with the old offset, a gap is noticed (KIP-98)", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const send = (baseSequence: number, producerEpoch = 0) =>
    produce(under, 9, produceOf(batchOf(["a", "b"], { producerId: 7, producerEpoch, baseSequence })));
  assert.equal((await send(0)).baseOffset, 0);
  assert.equal((await send(2)).baseOffset, 2);
  const retried = await send(0);
  assert.deepEqual([retried.errorCode, retried.baseOffset], [ErrorCode.NONE, 0]);
  assert.equal((await send(6)).errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal((await send(0, 1)).baseOffset, 4);
  assert.equal((await send(4, 0)).errorCode, ErrorCode.INVALID_PRODUCER_EPOCH);
});

test("a partition that is named twice is appended to once, with what was named last", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const partitionData = ["a", "b"].map((value) => ({ index: 0, records: batchOf([value]) }));
  const answer = await produce(under, 9, produceOf(null, { topicData: [{ name: "orders", partitionData }] }));
  assert.equal(answer.baseOffset, 0);
  const found = under.broker.services.partition("orders", 0);
  assert.equal(found.ok && found.partition.log.logEndOffset, 1);
});
