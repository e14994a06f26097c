/** Transactions through the broker's requests: what the coordinator decides reaches the logs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AddPartitionsToTxn } from "../../src/protocol/apis/add-partitions-to-txn.ts";
import { EndTxn } from "../../src/protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { settle } from "../support/virtual-clock.ts";
import { batchOf, type Client, createTopic, startBroker } from "./harness.ts";

const transactionalId = "tx";

async function initProducer(client: Client, version = 5) {
  const none = { producerId: -1, producerEpoch: -1 };
  return client.ask(InitProducerId, version, { transactionalId, transactionTimeoutMs: 60_000, ...none });
}

async function openTransactions(client: Client): Promise<void> {
  const { coordinators } = await client.ask(FindCoordinator, 6, { keyType: 1, coordinatorKeys: [transactionalId] });
  assert.equal(coordinators[0]!.errorCode, ErrorCode.NONE);
  await settle();
}

test("a transaction of an older client: its partitions are added, written to, and told how it ended", async () => {
  const under = await startBroker();
  await createTopic(under, "orders");
  const client = under.connect();
  await openTransactions(client);
  const { errorCode, producerId, producerEpoch } = await initProducer(client);
  assert.deepEqual([errorCode, producerEpoch], [ErrorCode.NONE, 0]);

  const added = await client.ask(AddPartitionsToTxn, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: "orders", partitions: [0] }],
  });
  assert.deepEqual(added.resultsByTopicV3AndBelow, [
    { name: "orders", resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: ErrorCode.NONE }] },
  ]);
  const records = batchOf(["a", "b"], { producerId, producerEpoch, baseSequence: 0, transactional: true });
  const topicData = [{ name: "orders", partitionData: [{ index: 0, records }] }];
  const produced = await client.ask(Produce, 11, { transactionalId, acks: -1, timeoutMs: 1000, topicData });
  assert.equal(produced.responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE);
  const orders = under.log.get("orders", 0)!;
  assert.deepEqual([orders.highWatermark, orders.lastStableOffset], [2, 0]);

  const ended = await client.ask(EndTxn, 4, { transactionalId, producerId, producerEpoch, committed: true });
  assert.equal(ended.errorCode, ErrorCode.NONE);
  await settle();
  assert.deepEqual([orders.highWatermark, orders.lastStableOffset], [3, 3]);
});
