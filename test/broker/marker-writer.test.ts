import assert from "node:assert/strict";
import { test } from "node:test";
import { MarkerWriter } from "../../src/broker/marker-writer.ts";
import type { TransactionMarker } from "../../src/coordinator/machine.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { MarkersWanted } from "../../src/transaction/facts.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";

const wanted: MarkersWanted = {
  type: "MarkersWanted",
  transactionalId: "tx",
  result: "COMMIT",
  producerId: 7,
  producerEpoch: 4,
  transactionVersion: 2,
  topics: [
    { name: "orders", partitions: [0, 1] },
    { name: "payments", partitions: [0] },
  ],
};

/** A writer of markers, what it wrote, and what it is answered: by partition, and to its word that all is written. */
function start() {
  const clock = new VirtualClock();
  const written: string[] = [];
  const answers = new Map<string, ErrorCode>();
  const coordinator = { epoch: 5, errorCode: ErrorCode.NONE as ErrorCode, words: 0 };
  const warnings: string[] = [];
  const missing: string[] = [];
  const quiet = { debug() {}, info() {}, error() {} };
  const writer = new MarkerWriter({
    clock,
    logger: { ...quiet, warn: (_, message) => void warnings.push(message) },
    write: async (topic: string, partition: number, marker: TransactionMarker) => {
      const at = `${topic}-${partition}`;
      written.push(`${at} ${marker.type} ${marker.producerId}/${marker.producerEpoch} by ${marker.coordinatorEpoch}`);
      return answers.get(at) ?? ErrorCode.NONE;
    },
    isCurrent: (_, epoch) => epoch === coordinator.epoch,
    written: async (partition, { left, ...transaction }) => {
      assert.deepEqual([partition, transaction], [3, { transactionalId: "tx", producerId: 7, producerEpoch: 4 }]);
      if (left.length > 0)
        missing.push(left.map(({ name, partitions }) => `${name}-${partitions.join(" ")}`).join(" "));
      else coordinator.words++;
      return { ok: true, reply: { errorCode: coordinator.errorCode } };
    },
  });
  return { clock, writer, written, answers, coordinator, warnings, missing };
}

test("a marker goes into every partition, then the coordinator is told", async () => {
  const { writer, written, coordinator } = start();
  writer.begin(3, 5, wanted);
  await settle();
  assert.deepEqual(written, ["orders-0 COMMIT 7/4 by 5", "orders-1 COMMIT 7/4 by 5", "payments-0 COMMIT 7/4 by 5"]);
  assert.equal(coordinator.words, 1);
});

test("what cannot be written is told, and tried again, and only that", async () => {
  const { clock, writer, written, answers, coordinator, missing } = start();
  answers.set("orders-1", ErrorCode.NOT_LEADER_OR_FOLLOWER);
  writer.begin(3, 5, wanted);
  await clock.advance(250);
  assert.equal(coordinator.words, 0);
  answers.delete("orders-1");
  await clock.advance(100);
  assert.deepEqual(missing, ["orders-1", "orders-1", "orders-1"]);
  assert.deepEqual(written.slice(3), Array(3).fill("orders-1 COMMIT 7/4 by 5"));
  assert.equal(coordinator.words, 1);
});

test("a partition that is gone needs no marker", async () => {
  const { writer, answers, coordinator } = start();
  answers.set("payments-0", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  writer.begin(3, 5, wanted);
  await settle();
  assert.equal(coordinator.words, 1);
});

test("a coordinator that leads no more writes nothing more", async () => {
  const { clock, writer, written, answers, coordinator } = start();
  answers.set("orders-1", ErrorCode.NOT_LEADER_OR_FOLLOWER);
  writer.begin(3, 5, wanted);
  await settle();
  coordinator.epoch = 6;
  answers.clear();
  await clock.advance(1000);
  assert.deepEqual([written.length, coordinator.words, clock.pendingAlarms], [3, 0, 0]);
});

test("who is asked again for a transaction's markers leaves nothing of the first time at work", async () => {
  const { clock, writer, written, answers, coordinator } = start();
  answers.set("orders-1", ErrorCode.NOT_LEADER_OR_FOLLOWER);
  writer.begin(3, 5, wanted);
  await settle();
  answers.clear();
  writer.begin(3, 5, wanted); // the shard was lost, and is loaded again under the same epoch
  await settle();
  assert.deepEqual([written.length, coordinator.words], [6, 1]);
  // By now the producer's next transaction may be open, before KIP-890 under the same epoch: it is not to be ended.
  await clock.advance(1000);
  assert.deepEqual([written.length, coordinator.words, clock.pendingAlarms], [6, 1, 0]);
});

test("where a newer epoch is known the transaction is not ended from here", async () => {
  const { clock, writer, written, answers, coordinator, warnings, missing } = start();
  answers.set("orders-1", ErrorCode.TRANSACTION_COORDINATOR_FENCED);
  writer.begin(3, 5, wanted);
  await clock.advance(1000);
  assert.deepEqual([written.length, coordinator.words], [3, 0]);
  assert.deepEqual(missing, ["orders-1"]);
  assert.match(warnings[0]!, /marker of transaction tx is refused for good/);
});

test("the word that all is written is said again until the log takes it", async () => {
  const { clock, writer, coordinator } = start();
  coordinator.errorCode = ErrorCode.COORDINATOR_NOT_AVAILABLE;
  writer.begin(3, 5, wanted);
  await clock.advance(250);
  assert.equal(coordinator.words, 3);
  coordinator.errorCode = ErrorCode.NONE;
  await clock.advance(1000);
  assert.equal(coordinator.words, 4);
});

test("stopping ends the pauses", async () => {
  const { clock, writer, written, answers, coordinator } = start();
  answers.set("orders-1", ErrorCode.NOT_LEADER_OR_FOLLOWER);
  writer.begin(3, 5, wanted);
  await settle();
  coordinator.epoch = -1;
  writer.stop();
  await settle();
  assert.deepEqual([written.length, clock.pendingAlarms], [3, 0]);
});

test("who is told of a stop between two pauses does not begin the next", async () => {
  const { clock, writer, answers, coordinator } = start();
  answers.set("orders-1", ErrorCode.NOT_LEADER_OR_FOLLOWER);
  writer.begin(3, 5, wanted); // asks the partitions
  coordinator.epoch = -1;
  writer.stop();
  await settle();
  assert.equal(clock.pendingAlarms, 0);
});
