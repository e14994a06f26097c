import assert from "node:assert/strict";
import { test } from "node:test";
import { plainPlatform } from "../../src/protocol/plain-platform.ts";
import { drawPlan, minimise, type Plan } from "../../src/simulation/index.ts";
import { run } from "./support.ts";

for (const seed of [1, 3, 18, 25]) {
  test(`seed ${seed} run twice gives the same trace, told or not`, async () => {
    const first = await run(seed);
    const second = await run(seed, true);
    assert.equal(second.hash, first.hash);
    assert.equal(second.events, first.events);
    assert.ok(second.story.length > 100);
  });
}

test("without Node.js's own codecs a seed gives the same trace", async () => {
  assert.equal((await run(3, false, plainPlatform)).hash, (await run(3)).hash);
});

test("two seeds give two traces", async () => {
  assert.notEqual((await run(1)).hash, (await run(2)).hash);
});

test("a plan survives JSON: what --minimise prints can be run again", async () => {
  const plan = JSON.parse(JSON.stringify(drawPlan(7))) as Plan;
  assert.equal((await run(plan)).hash, (await run(7)).hash);
});

test("all invariants hold in the worlds of seeds 1 to 25", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { violation } = await run(seed);
    assert.equal(violation?.message, undefined, `seed ${seed}`);
  }
});

test("the worlds have all that can be in them", () => {
  const plans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed));
  const faults = new Set(plans.flatMap((plan) => plan.faults.map(({ kind }) => kind)));
  assert.equal(faults.size, 30, [...faults].join(", "));
  assert.deepEqual([...new Set(plans.map(({ topology }) => topology))].sort(), ["alone", "shared"]);
  assert.ok(plans.some(({ flushIntervalMessages }) => flushIntervalMessages > 1));
  for (const topology of ["alone", "shared"]) {
    const of = plans.filter((plan) => plan.topology === topology);
    assert.ok(
      of.some(({ producers, transactional, fetches }) => producers.length * transactional.length > 0 && fetches),
    );
  }
  const members = plans.flatMap((plan) => plan.members);
  assert.ok(members.some(({ groupInstanceId }) => groupInstanceId !== null));
  assert.ok(members.some(({ assignors }) => assignors.length > 1));
  assert.ok(members.some(({ clock }) => clock.rate !== 1));
});

test("a world that fails is made as small as it can be", async () => {
  const plan = drawPlan(6);
  assert.ok(plan.faults.length > 3 && plan.members.length > 2);
  const culprit = plan.faults.findLast((fault) => !("member" in fault))!;
  const last = plan.members.at(-1)!.name;
  const fails = async (smaller: Plan) =>
    smaller.faults.some((fault) => JSON.stringify(fault) === JSON.stringify(culprit)) &&
    smaller.members.some(({ name }) => name === last);
  const { plan: smallest } = await minimise(plan, fails);
  assert.deepEqual(smallest.faults, [culprit]);
  assert.deepEqual(
    smallest.members.map(({ name }) => name),
    [last],
  );
});
