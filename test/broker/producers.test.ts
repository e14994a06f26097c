import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeProducers } from "../../src/protocol/apis/describe-producers.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { ListTransactions } from "../../src/protocol/apis/list-transactions.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BrokerUnderTest, batchOf, createTopic, startBroker } from "./harness.ts";

async function initProducer(under: BrokerUnderTest, version: number, more: object = {}) {
  const request = { transactionalId: null, transactionTimeoutMs: 60_000, ...more };
  const { errorCode, producerId, producerEpoch } = await under.connect().ask(InitProducerId, version, request);
  return { errorCode, producerId, producerEpoch };
}

test("every producer gets an id of its own, also one that had one, also after a restart (KIP-98)", async () => {
  const first = await startBroker();
  const ids = new Set<number>();
  const init = async (under: BrokerUnderTest, version: number, more?: object) => {
    const { errorCode, producerId, producerEpoch } = await initProducer(under, version, more);
    assert.deepEqual([errorCode, producerEpoch], [ErrorCode.NONE, 0]);
    ids.add(producerId);
  };
  for (let version = 0; version <= 5; version++) await init(first, version);
  await init(first, 5, { producerId: 0, producerEpoch: 3 });
  await first.broker.stop();
  await init(await startBroker({ log: first.log }), 5);
  assert.equal(ids.size, 8);
});

test("InitProducerId v6, unfinished in Kafka 4.3.1, closes the connection as there", async () => {
  const under = await startBroker();
  const client = under.connect();
  client.send(InitProducerId, 6, { transactionalId: null, transactionTimeoutMs: 60_000 });
  assert.match(client.closedBecause ?? "", /API 22 is not served in version 6/);
});

test("half a producer id, and an empty transactional id, are INVALID_REQUEST", async () => {
  const under = await startBroker();
  const refused = { errorCode: ErrorCode.INVALID_REQUEST, producerId: -1, producerEpoch: -1 };
  assert.deepEqual(await initProducer(under, 5, { producerId: 5 }), refused);
  assert.deepEqual(await initProducer(under, 5, { producerEpoch: 5 }), refused);
  assert.deepEqual(await initProducer(under, 5, { transactionalId: "" }), refused);
});

test("DescribeProducers tells what a partition remembers of its producers", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const batch = batchOf(["a", "b"], { producerId: 7, producerEpoch: 1, baseSequence: 0 });
  const topicData = [{ name: "orders", partitionData: [{ index: 0, records: batch }] }];
  await under.connect().ask(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData });
  const topics = [
    { name: "orders", partitionIndexes: [0, 9] },
    { name: "nope", partitionIndexes: [0] },
    { name: "no/pe", partitionIndexes: [0] },
  ];
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const described = (await under.connect().ask(DescribeProducers, 0, { topics })).topics.flatMap((t) => t.partitions);
  assert.deepEqual(
    described.map(({ errorCode }) => errorCode),
    [ErrorCode.NONE, unknown, unknown, ErrorCode.INVALID_TOPIC_EXCEPTION],
  );
  assert.match(described[3]!.errorMessage!, /Topic name is invalid/);
  assert.equal(described[0]!.activeProducers.length, 1);
  const { producerId, producerEpoch, lastSequence, currentTxnStartOffset } = described[0]!.activeProducers[0]!;
  assert.deepEqual([producerId, producerEpoch, lastSequence, currentTxnStartOffset], [7, 1, 1, -1]);
});

test("ListTransactions has none, and names the states that it does not know", async () => {
  const under = await startBroker();
  const list = (version: number, stateFilters: string[], transactionalIdPattern: string | null = null) =>
    under.connect().ask(ListTransactions, version, { stateFilters, producerIdFilters: [], transactionalIdPattern });
  const answer = await list(0, ["Ongoing", "bogus", "ongoing", "Empty"]);
  assert.equal(answer.errorCode, ErrorCode.NONE);
  assert.deepEqual([answer.unknownStateFilters, answer.transactionStates], [["bogus", "ongoing"], []]);
  assert.equal((await list(2, [], "a.*")).errorCode, ErrorCode.NONE);
  assert.equal((await list(2, [], "(")).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
});
