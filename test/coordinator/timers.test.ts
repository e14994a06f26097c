import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Timer, TimerHeap } from "../../src/coordinator/timers.ts";

test("timers come out in the order of their last deadline, however often they were moved", () => {
  const move = fc.record({ timer: fc.nat(19), dueMs: fc.nat(1000), cancel: fc.boolean() });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200 }), (moves) => {
      const heap = new TimerHeap<number>();
      const timers = Array.from({ length: 20 }, (_, i) => new Timer(i));
      const expected = new Map<number, number>();
      for (const { timer, dueMs, cancel } of moves) {
        if (cancel) {
          heap.cancel(timers[timer]!);
          expected.delete(timer);
        } else {
          heap.set(timers[timer]!, dueMs);
          expected.set(timer, dueMs);
        }
      }
      assert.equal(heap.nextMs(), Math.min(...expected.values()));
      const seen: number[] = [];
      for (let due = heap.takeDue(1000); due !== undefined; due = heap.takeDue(1000)) {
        seen.push(expected.get(due.purpose)!);
        expected.delete(due.purpose);
        assert.ok(!due.isSet);
      }
      assert.deepEqual(
        seen,
        [...seen].sort((a, b) => a - b),
      );
      assert.equal(expected.size, 0);
    }),
    { numRuns: 2000 },
  );
});

test("nothing is due before its time", () => {
  const heap = new TimerHeap<string>();
  const timer = new Timer("session");
  heap.set(timer, 100);
  heap.set(timer, 200);
  assert.equal(heap.takeDue(199), undefined);
  assert.equal(heap.takeDue(200), timer);
  assert.equal(heap.nextMs(), Number.POSITIVE_INFINITY);
});
