/** Offsets of a transaction on their way through the broker: its coordinator, the group, and the log between them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AddOffsetsToTxn } from "../../src/protocol/apis/add-offsets-to-txn.ts";
import { EndTxn } from "../../src/protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { TxnOffsetCommit } from "../../src/protocol/apis/txn-offset-commit.ts";
import { WriteTxnMarkers } from "../../src/protocol/apis/write-txn-markers.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { settle } from "../support/virtual-clock.ts";
import { type BrokerUnderTest, type Client, createTopic, openCoordinator, startBroker } from "./harness.ts";

const transactionalId = "tx";
const groupId = "g";
const internal = "__consumer_offsets";

interface Producer {
  readonly client: Client;
  producerId: number;
  producerEpoch: number;
}

async function world() {
  const under = await startBroker();
  await createTopic(under, "orders");
  const client = under.connect();
  await openCoordinator(client);
  await client.ask(FindCoordinator, 6, { keyType: 1, coordinatorKeys: [transactionalId] });
  await settle();
  const none = { producerId: -1, producerEpoch: -1 };
  const asked = { transactionalId, transactionTimeoutMs: 60_000, ...none };
  const { producerId, producerEpoch } = await client.ask(InitProducerId, 5, asked);
  const producer: Producer = { client, producerId, producerEpoch };
  return { under, client, producer, partition: under.broker.services.groupPartition(groupId) };
}

async function commit({ client, producerId, producerEpoch }: Producer, committedOffset: number, version = 5) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: "" }];
  const topics = [{ name: "orders", partitions }];
  const who = { transactionalId, producerId, producerEpoch, groupId };
  const answer = await client.ask(TxnOffsetCommit, version, { ...who, topics });
  return answer.topics[0]!.partitions[0]!.errorCode;
}

async function fetched(client: Client) {
  const topics = [{ name: "orders", partitionIndexes: [0] }];
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }];
  const answer = await client.ask(OffsetFetch, 9, { groups, requireStable: true });
  const { errorCode, committedOffset } = answer.groups[0]!.topics[0]!.partitions[0]!;
  return errorCode === ErrorCode.NONE ? committedOffset : errorCode;
}

async function end(producer: Producer, committed: boolean): Promise<void> {
  const { client, producerId, producerEpoch } = producer;
  const ended = await client.ask(EndTxn, 5, { transactionalId, producerId, producerEpoch, committed });
  assert.equal(ended.errorCode, ErrorCode.NONE);
  producer.producerEpoch = ended.producerEpoch;
  await settle();
}

function lastStableOffset({ log }: BrokerUnderTest, partition: number): [number, number] {
  const { highWatermark, lastStableOffset } = log.get(internal, partition)!;
  return [highWatermark, lastStableOffset];
}

test("rule 41: from version 5 on the commit adds its group; before, AddOffsetsToTxn does", async () => {
  const { client, producer } = await world();
  assert.equal(await commit(producer, 5, 4), ErrorCode.TRANSACTION_ABORTABLE);
  assert.equal(await commit(producer, 5, 3), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await fetched(client), -1, "nothing is pending");
  assert.equal(await commit(producer, 5), ErrorCode.NONE);
  await end(producer, true);
  assert.equal(await fetched(client), 5);

  const { producerId, producerEpoch } = producer;
  const added = await client.ask(AddOffsetsToTxn, 4, { transactionalId, producerId, producerEpoch, groupId });
  assert.equal(added.errorCode, ErrorCode.NONE);
  assert.equal(await commit(producer, 6, 3), ErrorCode.NONE);
  assert.equal(await fetched(client), ErrorCode.UNSTABLE_OFFSET_COMMIT);
  await end(producer, false);
  assert.equal(await fetched(client), 5);
});

test("rule 42: what is pending is pending after the group has moved, and can be decided", async () => {
  const { under, client, producer, partition } = await world();
  assert.equal(await commit(producer, 5), ErrorCode.NONE);
  assert.deepEqual(lastStableOffset(under, partition), [1, 0]);
  await under.broker.leadAnew(internal, partition);
  assert.equal(await fetched(client), ErrorCode.UNSTABLE_OFFSET_COMMIT);
  await end(producer, true);
  assert.equal(await fetched(client), 5);
  assert.deepEqual(lastStableOffset(under, partition), [2, 2]);
  await under.broker.leadAnew(internal, partition);
  assert.equal(await fetched(client), 5);
});

test("a broker that was stopped in the middle of a transaction knows what is pending", async () => {
  const { under, producer } = await world();
  assert.equal(await commit(producer, 5), ErrorCode.NONE);
  await under.broker.stop();
  const again = await startBroker({ log: under.log });
  const client = again.connect();
  await settle();
  assert.equal(await fetched(client), ErrorCode.UNSTABLE_OFFSET_COMMIT);
  await end({ ...producer, client }, true);
  assert.equal(await fetched(client), 5);
});

test("KIP-890: a marker between the coordinator's word and the append leaves no transaction hanging", async () => {
  const { under, client, producer, partition } = await world();
  assert.equal(await commit(producer, 5), ErrorCode.NONE);
  await end(producer, true);
  const { producerId, producerEpoch } = producer;
  const added = await client.ask(AddOffsetsToTxn, 4, { transactionalId, producerId, producerEpoch, groupId });
  assert.equal(added.errorCode, ErrorCode.NONE);

  const late = commit(producer, 6, 4); // asks the coordinator, which takes a while
  const topics = [{ name: internal, partitionIndexes: [partition] }];
  const marker = { producerId, producerEpoch, transactionResult: false, coordinatorEpoch: 9, topics };
  const written = await under.connect().ask(WriteTxnMarkers, 1, { markers: [marker] });
  assert.equal(written.markers[0]!.topics[0]!.partitions[0]!.errorCode, ErrorCode.NONE);
  assert.equal(await late, ErrorCode.INVALID_TXN_STATE);
  assert.equal(await fetched(client), 5);
  const [highWatermark, stable] = lastStableOffset(under, partition);
  assert.equal(stable, highWatermark);
});
