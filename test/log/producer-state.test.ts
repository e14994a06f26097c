import assert from "node:assert/strict";
import { test } from "node:test";
import { ProducerStates } from "../../src/log/producer-state.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { BatchView, setBaseOffset } from "../../src/protocol/records/batch.ts";
import { sampleBatch } from "./batches.ts";

/** A partition that only counts offsets; answers as a producer would see it. */
class Partition {
  states = new ProducerStates();
  nextOffset = 0;

  send(baseSequence: number, { count = 1, producerEpoch = 0, timestamp = 1000, internal = false } = {}) {
    const values = Array.from({ length: count }, () => "v");
    const batch = new BatchView(sampleBatch({ values, producerId: 9, producerEpoch, baseSequence, timestamp }));
    const check = this.states.check([batch], { internal });
    if (check.kind === "refused") return check.verdict.errorCode;
    if (check.kind === "duplicate") return `duplicate of ${check.batch.baseOffset}..${check.batch.lastOffset}`;
    setBaseOffset(batch, this.nextOffset);
    this.nextOffset += count;
    this.states.append(batch);
    return batch.baseOffset;
  }
}

test("sequences follow each other; a gap and a step back are out of order", () => {
  const partition = new Partition();
  assert.equal(partition.send(0, { count: 3 }), 0);
  assert.equal(partition.send(3), 3);
  assert.equal(partition.send(5), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(partition.send(1), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(partition.send(4), 4);
});

test("the last five batches are remembered, the sixth is out of order", () => {
  const partition = new Partition();
  for (let sequence = 0; sequence < 6; sequence++) partition.send(sequence);
  assert.equal(partition.send(1), "duplicate of 1..1");
  assert.equal(partition.send(5), "duplicate of 5..5");
  assert.equal(partition.send(0), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
});

test("a part of a remembered batch is no duplicate", () => {
  const partition = new Partition();
  partition.send(0, { count: 3 });
  assert.equal(partition.send(0, { count: 2 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
});

test("0 follows 2147483647, also within a batch", () => {
  const partition = new Partition();
  assert.equal(partition.send(2_147_483_645, { count: 2 }), 0);
  assert.equal(partition.send(2_147_483_647), 2);
  assert.equal(partition.send(0), 3);
  const wrapping = new Partition();
  assert.equal(wrapping.send(2_147_483_646, { count: 4 }), 0); // …46, …47, 0, 1
  assert.equal(wrapping.send(2_147_483_646, { count: 4 }), "duplicate of 0..3");
  assert.equal(wrapping.send(2), 4);
});

test("a producer that nobody remembers may begin with any sequence (KIP-360)", () => {
  assert.equal(new Partition().send(41), 0);
});

test("a new epoch begins with sequence 0 and fences the old one", () => {
  const partition = new Partition();
  partition.send(0);
  assert.equal(partition.send(1, { producerEpoch: 1 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(partition.send(0, { producerEpoch: 1 }), 1);
  assert.equal(partition.send(1), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(partition.send(0), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(partition.send(0, { producerEpoch: 1 }), "duplicate of 1..1");
});

test("a coordinator's batches are fenced by epoch but have no sequence", () => {
  const partition = new Partition();
  assert.equal(partition.send(-1, { internal: true, producerEpoch: 3 }), 0);
  assert.equal(partition.send(-1, { internal: true, producerEpoch: 3 }), 1);
  assert.equal(partition.send(-1, { internal: true, producerEpoch: 2 }), ErrorCode.INVALID_PRODUCER_EPOCH);
});

test("a producer silent for producer.id.expiration.ms is forgotten", () => {
  const partition = new Partition();
  partition.send(0, { timestamp: 1_000 });
  partition.states.expire(60_999, 60_000);
  assert.equal(partition.send(5), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  partition.states.expire(61_000, 60_000);
  assert.equal(partition.send(5), 1);
});

test("what is saved is restored", () => {
  const partition = new Partition();
  for (let sequence = 0; sequence < 7; sequence++) partition.send(sequence);
  const restored = new Partition();
  restored.nextOffset = 7;
  restored.states.restore(JSON.parse(JSON.stringify(partition.states.save())), []);
  assert.equal(restored.send(2), "duplicate of 2..2");
  assert.equal(restored.send(8), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert.equal(restored.send(7), 7);
});

test("what was saved before there were transactions is understood", () => {
  const restored = new Partition();
  restored.nextOffset = 7;
  restored.states.restore([[9, 0, 1000, 5, 5, 5, 5, 6, 6, 6, 6]], []);
  assert.equal(restored.send(6), "duplicate of 6..6");
  assert.equal(restored.send(7), 7);
  assert.equal(restored.states.transactions.firstUnstableOffset, undefined);
  const [told] = restored.states.snapshots();
  assert.deepEqual([told?.coordinatorEpoch, told?.currentTxnStartOffset, told?.lastSequence], [-1, -1, 7]);
});

test("several batches of one append are checked one after the other, and a refusal changes nothing", () => {
  const states = new ProducerStates();
  const batch = (baseSequence: number) => new BatchView(sampleBatch({ producerId: 9, producerEpoch: 0, baseSequence }));
  states.append(batch(0));
  assert.equal(states.check([batch(1), batch(2)], {}).kind, "accepted");
  assert.equal(states.check([batch(1), batch(3)], {}).kind, "refused");
  assert.equal(states.check([batch(1)], {}).kind, "accepted");
});
