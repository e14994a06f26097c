import assert from "node:assert/strict";
import { test } from "node:test";
import { calmest, processorTimes, stolenShare } from "../../src/bench/compare/stolen.ts";

test("what a host took is a share of what was wanted, of which waiting for the disk is no part", () => {
  const from = processorTimes("cpu  100 10 50 9000 70 5 5 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  const to = processorTimes("cpu  160 10 70 9900 90 5 5 50 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
  assert.equal(stolenShare(from, to), 0.2);
  assert.equal(stolenShare(to, to), 0);
  assert.ok(processorTimes().wanted > 0);
});

/** Turns of which the host takes so much of 100 each. */
function turns(shares: readonly number[]) {
  let at = 0;
  let asked = 0;
  const times = () => {
    const turn = Math.floor(asked++ / 2);
    return asked % 2 === 1 ? { stolen: 0, wanted: 0 } : { stolen: shares[turn]!, wanted: 100 };
  };
  return { turn: async () => at++, times };
}

test("a turn that the host disturbed is taken again; the least disturbed counts", async () => {
  let begun = 0;
  const before = async () => void begun++;
  const calmAtOnce = turns([5]);
  assert.deepEqual(await calmest(calmAtOnce.turn, before, 3, calmAtOnce.times), { told: 0, stolen: 0.05 });
  const calmLater = turns([50, 1]);
  assert.deepEqual(await calmest(calmLater.turn, before, 3, calmLater.times), { told: 1, stolen: 0.01 });
  const never = turns([60, 20, 40]);
  assert.deepEqual(await calmest(never.turn, before, 3, never.times), { told: 1, stolen: 0.2 });
  const once = turns([60]);
  assert.deepEqual(await calmest(once.turn, before, 1, once.times), { told: 0, stolen: 0.6 });
  assert.equal(begun, 1 + 2 + 3 + 1);
});
