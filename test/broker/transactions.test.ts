/** Transactions through the broker's requests: what the coordinator decides reaches the logs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { AddOffsetsToTxn } from "../../src/protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../../src/protocol/apis/add-partitions-to-txn.ts";
import { DeleteTopics } from "../../src/protocol/apis/delete-topics.ts";
import { DescribeTransactions } from "../../src/protocol/apis/describe-transactions.ts";
import { EndTxn } from "../../src/protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { ListTransactions } from "../../src/protocol/apis/list-transactions.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { WriteTxnMarkers } from "../../src/protocol/apis/write-txn-markers.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { batches, encodeBatch, readControlRecord, readRecords } from "../../src/protocol/records/batch.ts";
import { type TransactionMetadata, unused } from "../../src/transaction/record.ts";
import { transactionRecordCodec } from "../../src/transaction/record-codec.ts";
import { settle } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, batchOf, type Client, createTopic, isParked, startBroker } from "./harness.ts";
import { SlowDisk } from "./slow-log.ts";

const transactionalId = "tx";

interface Identity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

const nobody: Identity = { producerId: -1, producerEpoch: -1 };

async function initProducer(client: Client, known = nobody, version = 5) {
  return client.ask(InitProducerId, version, { transactionalId, transactionTimeoutMs: 60_000, ...known });
}

/** A broker whose coordinator serves, with the topics `orders` and `payments`. */
async function start(under?: BrokerUnderTest): Promise<{ under: BrokerUnderTest; client: Client }> {
  const started = under ?? (await withTopics(await startBroker()));
  const client = started.connect();
  const { coordinators } = await client.ask(FindCoordinator, 6, { keyType: 1, coordinatorKeys: [transactionalId] });
  assert.equal(coordinators[0]!.errorCode, ErrorCode.NONE);
  await settle();
  return { under: started, client };
}

async function withTopics(under: BrokerUnderTest): Promise<BrokerUnderTest> {
  await createTopic(under, "orders", 2);
  await createTopic(under, "payments");
  return under;
}

async function add(client: Client, who: Identity, topic: string, partitions: number[], version = 3) {
  const { resultsByTopicV3AndBelow: results } = await client.ask(AddPartitionsToTxn, version, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: who.producerId,
    v3AndBelowProducerEpoch: who.producerEpoch,
    v3AndBelowTopics: [{ name: topic, partitions }],
  });
  return results.flatMap(({ resultsByPartition }) => resultsByPartition.map((it) => it.partitionErrorCode));
}

async function produce(client: Client, who: Identity, topic: string, version = 12): Promise<number> {
  const { producerId, producerEpoch } = who;
  const records = batchOf(["a", "b"], { producerId, producerEpoch, baseSequence: 0, transactional: true });
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const answer = await client.ask(Produce, version, { transactionalId, acks: -1, timeoutMs: 1000, topicData });
  return answer.responses[0]!.partitionResponses[0]!.errorCode;
}

async function end(client: Client, who: Identity, committed: boolean, version = 5) {
  const { producerId, producerEpoch } = who;
  const ended = await client.ask(EndTxn, version, { transactionalId, producerId, producerEpoch, committed });
  await settle();
  return ended;
}

/** The markers in a partition: "COMMIT 0/1 by 0", producer id, epoch and coordinator epoch. */
async function markers({ log }: BrokerUnderTest, topic: string, partition = 0): Promise<string[]> {
  const found = log.get(topic, partition)!;
  const read = await found.read(found.logStartOffset, { maxBytes: 1e6, atLeastOne: true, upTo: "log-end" });
  return (read?.chunks ?? []).flatMap((chunk) =>
    [...batches(chunk)]
      .filter((batch) => batch.control)
      .map((batch) => {
        const { type, coordinatorEpoch } = readControlRecord([...readRecords(batch, nodePlatform)][0]!);
        return `${type} ${batch.producerId}/${batch.producerEpoch} by ${coordinatorEpoch}`;
      }),
  );
}

async function stateOf(client: Client) {
  const { transactionStates } = await client.ask(DescribeTransactions, 0, { transactionalIds: [transactionalId] });
  return transactionStates[0]!;
}

test("a transaction of an older client: its partitions are added, written to, and told how it ended", async () => {
  const { under, client } = await start();
  const who = await initProducer(client);
  assert.deepEqual(await add(client, who, "orders", [0]), [ErrorCode.NONE]);
  assert.equal(await produce(client, who, "orders", 11), ErrorCode.NONE);
  const orders = under.log.get("orders", 0)!;
  assert.deepEqual([orders.highWatermark, orders.lastStableOffset], [2, 0]);
  assert.equal((await end(client, who, true, 4)).errorCode, ErrorCode.NONE);
  assert.deepEqual([orders.highWatermark, orders.lastStableOffset], [3, 3]);
  assert.deepEqual(await markers(under, "orders"), ["COMMIT 0/0 by 0"]);
});

test("KIP-890: Produce adds its partitions, and each end brings the next epoch", async () => {
  const { under, client } = await start();
  let who: Identity = await initProducer(client);
  assert.equal(await produce(client, who, "orders"), ErrorCode.NONE);
  assert.equal(await produce(client, who, "payments"), ErrorCode.NONE);
  who = await end(client, who, false);
  assert.deepEqual([who.producerId, who.producerEpoch], [0, 1]);
  assert.equal(await produce(client, who, "orders"), ErrorCode.NONE);
  who = await end(client, who, true);
  assert.deepEqual(await markers(under, "orders"), ["ABORT 0/1 by 0", "COMMIT 0/2 by 0"]);
  assert.deepEqual(await markers(under, "payments"), ["ABORT 0/1 by 0"]);
});

test("KIP-890: what comes before the end of the transaction before waits for it, 100 ms at most", async () => {
  const disk = new SlowDisk();
  const log = disk.under(openMemoryLog({ platform: nodePlatform }), "payments");
  const { under, client } = await start(await withTopics(await startBroker({ log })));
  const next = async (who: Identity) => {
    const produced = produce(client, who, "payments");
    await settle();
    disk.sync();
    assert.equal(await produced, ErrorCode.NONE);
    return end(under.connect(), who, true); // its marker is on the way to the disk
  };
  let who: Identity = await next(await initProducer(client));
  const waiting = produce(client, who, "orders");
  await under.clock.advance(50);
  assert.ok(await isParked(waiting));
  disk.sync();
  assert.equal(await waiting, ErrorCode.NONE);
  who = await next(who);
  const late = produce(client, who, "orders");
  await under.clock.advance(99);
  assert.ok(await isParked(late));
  await under.clock.advance(1);
  assert.equal(await late, ErrorCode.CONCURRENT_TRANSACTIONS);
});

test("KIP-588: who is fenced hears PRODUCER_FENCED, and INVALID_PRODUCER_EPOCH in versions of before", async () => {
  const { client } = await start();
  const old = await initProducer(client);
  await initProducer(client);
  const { PRODUCER_FENCED, INVALID_PRODUCER_EPOCH } = ErrorCode;
  assert.equal((await initProducer(client, { ...old, producerEpoch: 9 }, 4)).errorCode, PRODUCER_FENCED);
  assert.equal((await initProducer(client, { ...old, producerEpoch: 9 }, 3)).errorCode, INVALID_PRODUCER_EPOCH);
  assert.deepEqual(await add(client, old, "orders", [0], 2), [PRODUCER_FENCED]);
  assert.deepEqual(await add(client, old, "orders", [0], 1), [INVALID_PRODUCER_EPOCH]);
  const { producerId, producerEpoch } = old;
  const offsets = { transactionalId, producerId, producerEpoch, groupId: "g" };
  assert.equal((await client.ask(AddOffsetsToTxn, 2, offsets)).errorCode, PRODUCER_FENCED);
  assert.equal((await client.ask(AddOffsetsToTxn, 1, offsets)).errorCode, INVALID_PRODUCER_EPOCH);
  assert.equal((await end(client, old, true, 2)).errorCode, PRODUCER_FENCED);
  assert.equal((await end(client, old, true, 1)).errorCode, INVALID_PRODUCER_EPOCH);
});

test("partitions are added all or none; clients add none of the broker's own topics", async () => {
  const { client } = await start();
  const who = await initProducer(client);
  const { OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED } = ErrorCode;
  assert.deepEqual(await add(client, who, "orders", [0, 9, 1]), [
    OPERATION_NOT_ATTEMPTED,
    UNKNOWN_TOPIC_OR_PARTITION,
    OPERATION_NOT_ATTEMPTED,
  ]);
  assert.deepEqual(await add(client, who, "__transaction_state", [0]), [TOPIC_AUTHORIZATION_FAILED]);
  assert.equal((await stateOf(client)).transactionState, "Empty");
});

test("KIP-890: a broker adds and verifies for several producers at once", async () => {
  const { client } = await start();
  const { producerId, producerEpoch } = await initProducer(client);
  const producer = { producerId, producerEpoch };
  const topics = (partitions: number[]) => [{ name: "orders", partitions }];
  const asked = [
    { transactionalId, ...producer, verifyOnly: false, topics: topics([0]) },
    { transactionalId: "stranger", ...producer, verifyOnly: false, topics: topics([0]) },
  ];
  const added = await client.ask(AddPartitionsToTxn, 5, { transactions: asked });
  const verified = await client.ask(AddPartitionsToTxn, 4, {
    transactions: [{ transactionalId, ...producer, verifyOnly: true, topics: topics([0, 1]) }],
  });
  const errors = [...added.resultsByTransaction, ...verified.resultsByTransaction].map(({ topicResults }) =>
    topicResults.flatMap(({ resultsByPartition }) => resultsByPartition.map((it) => it.partitionErrorCode)),
  );
  const { NONE, INVALID_PRODUCER_ID_MAPPING, TRANSACTION_ABORTABLE } = ErrorCode;
  assert.deepEqual(errors, [[NONE], [INVALID_PRODUCER_ID_MAPPING], [NONE, TRANSACTION_ABORTABLE]]);
});

test("InitProducerId takes no empty id, and no timeout beyond transaction.max.timeout.ms", async () => {
  const under = await startBroker({ config: { "transaction.max.timeout.ms": "1000" } });
  const { client } = await start(under);
  const asked = { ...nobody, transactionalId };
  const errorOf = async (more: object) =>
    (await client.ask(InitProducerId, 5, { transactionTimeoutMs: 1000, ...asked, ...more })).errorCode;
  assert.equal(await errorOf({}), ErrorCode.NONE);
  assert.equal(await errorOf({ transactionalId: "" }), ErrorCode.INVALID_REQUEST);
  assert.equal(await errorOf({ producerId: 1 }), ErrorCode.INVALID_REQUEST);
  for (const transactionTimeoutMs of [1001, 0, -1]) {
    assert.equal(await errorOf({ transactionTimeoutMs }), ErrorCode.INVALID_TRANSACTION_TIMEOUT);
  }
});

test("a topic that is deleted meanwhile needs no marker", async () => {
  const { client } = await start();
  const who = await initProducer(client);
  assert.deepEqual(await add(client, who, "orders", [0, 1]), [ErrorCode.NONE, ErrorCode.NONE]);
  assert.deepEqual(await add(client, who, "payments", [0]), [ErrorCode.NONE]);
  await client.ask(DeleteTopics, 5, { topicNames: ["payments"], timeoutMs: 1000 });
  await end(client, who, true);
  assert.equal((await stateOf(client)).transactionState, "CompleteCommit");
});

test("a coordinator that leads anew keeps what is open, under a next epoch", async () => {
  const { under, client } = await start();
  const who = await initProducer(client);
  assert.equal(await produce(client, who, "orders"), ErrorCode.NONE);
  const partition = under.broker.services.transactionPartition(transactionalId);
  await under.broker.leadAnew("__transaction_state", partition);
  const { transactionState, topics } = await stateOf(client);
  assert.deepEqual([transactionState, topics], ["Ongoing", [{ topic: "orders", partitions: [0] }]]);
  await end(client, who, true);
  assert.deepEqual(await markers(under, "orders"), ["COMMIT 0/1 by 1"]);
});

test("what a broker had decided when it was killed, the next one carries through", async () => {
  const { under, client } = await start();
  const { producerId, producerEpoch } = await initProducer(client);
  assert.equal(await produce(client, { producerId, producerEpoch }, "orders"), ErrorCode.NONE);
  decideToCommit(under, { producerId, producerEpoch });
  const again = await startBroker({ log: under.log });
  await settle();
  const anew = again.connect();
  assert.equal((await stateOf(anew)).transactionState, "CompleteCommit");
  assert.deepEqual(await markers(again, "orders"), ["COMMIT 0/1 by 1"]);
  const { errorCode, producerEpoch: next } = await end(anew, { producerId, producerEpoch }, true);
  assert.deepEqual([errorCode, next], [ErrorCode.NONE, 1]); // the retry of who never heard of it
});

/** The last that a broker wrote before it was killed: how the transaction is to end. */
function decideToCommit({ broker, log }: BrokerUnderTest, { producerId, producerEpoch }: Identity): void {
  const found = log.get("__transaction_state", broker.services.transactionPartition(transactionalId))!;
  const decided: TransactionMetadata = {
    ...unused(producerId, 60_000, 0),
    producerEpoch: producerEpoch + 1,
    state: "PrepareCommit",
    topics: [{ name: "orders", partitions: [0] }],
    clientTransactionVersion: 2,
  };
  const record = { ...transactionRecordCodec.encode({ transactionalId, value: decided }), timestamp: 0 };
  found.append(encodeBatch({ records: [record] }, nodePlatform), { leaderEpoch: 0, wallMs: 0, internal: true });
}

test("an id stays where its records are when transaction.state.log.num.partitions is another one later", async () => {
  const under = await startBroker({ config: { "transaction.state.log.num.partitions": "7" } });
  const { client } = await start(under);
  const who = await initProducer(client);
  const again = await startBroker({ log: under.log, config: { "transaction.state.log.num.partitions": "50" } });
  await settle();
  const { errorCode, producerId, producerEpoch } = await initProducer(again.connect());
  assert.deepEqual([errorCode, producerId, producerEpoch], [ErrorCode.NONE, who.producerId, who.producerEpoch + 1]);
});

test("a transaction that nobody ends is aborted, and its producer goes on when it asks", async () => {
  const { under, client } = await start();
  const who = await initProducer(client);
  assert.equal(await produce(client, who, "orders"), ErrorCode.NONE);
  await under.clock.advance(71_000);
  assert.deepEqual(await markers(under, "orders"), ["ABORT 0/1 by 0"]);
  assert.equal(await produce(client, who, "orders"), ErrorCode.INVALID_PRODUCER_EPOCH);
  const { errorCode, producerEpoch } = await initProducer(client, who);
  assert.deepEqual([errorCode, producerEpoch], [ErrorCode.NONE, 1]);
});

test("KIP-664: an operator ends a transaction that hangs in a partition", async () => {
  const { under, client } = await start();
  await initProducer(client);
  const who = await initProducer(client);
  assert.equal(await produce(client, who, "orders"), ErrorCode.NONE);
  const { producerId, producerEpoch } = who;
  const topics = [
    { name: "orders", partitionIndexes: [0] },
    { name: "nope", partitionIndexes: [0] },
  ];
  const marker = { producerId, producerEpoch, transactionResult: false, topics, coordinatorEpoch: 0 };
  const errorsOf = async (epoch: number) => {
    const asked = { markers: [{ ...marker, producerEpoch: epoch, transactionVersion: 0 }] };
    const written = await client.ask(WriteTxnMarkers, 1, asked);
    return written.markers[0]!.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  };
  const { NONE, UNKNOWN_TOPIC_OR_PARTITION, INVALID_PRODUCER_EPOCH } = ErrorCode;
  assert.deepEqual(await errorsOf(producerEpoch - 1), [INVALID_PRODUCER_EPOCH, UNKNOWN_TOPIC_OR_PARTITION]);
  assert.deepEqual(await errorsOf(producerEpoch), [NONE, UNKNOWN_TOPIC_OR_PARTITION]);
  assert.deepEqual(await markers(under, "orders"), ["ABORT 0/1 by 0"]);
});

test("transactions are listed by what is asked for; an unknown state matches nothing and is told", async () => {
  const { client } = await start();
  const who = await initProducer(client);
  await add(client, who, "orders", [0]);
  const all = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  const list = async (more: object) => client.ask(ListTransactions, 2, { ...all, ...more });
  const listed = [{ transactionalId, producerId: 0, transactionState: "Ongoing" }];
  assert.deepEqual((await list({})).transactionStates, listed);
  assert.deepEqual((await list({ stateFilters: ["Ongoing"], transactionalIdPattern: "t." })).transactionStates, listed);
  assert.deepEqual((await list({ transactionalIdPattern: "t" })).transactionStates, []);
  assert.deepEqual((await list({ producerIdFilters: [1] })).transactionStates, []);
  const unknown = await list({ stateFilters: ["Sleeping"] });
  assert.deepEqual([unknown.unknownStateFilters, unknown.transactionStates], [["Sleeping"], []]);
  for (const transactionalIdPattern of ["(", "t(?=1)"]) {
    assert.equal((await list({ transactionalIdPattern })).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
  }
});

test("without a coordinator nothing is coordinated", async () => {
  const under = await startBroker();
  const client = under.connect();
  assert.equal((await initProducer(client)).errorCode, ErrorCode.NOT_COORDINATOR);
  assert.equal((await stateOf(client)).errorCode, ErrorCode.NOT_COORDINATOR);
  assert.equal((await end(client, { producerId: 1, producerEpoch: 0 }, true)).errorCode, ErrorCode.NOT_COORDINATOR);
});
