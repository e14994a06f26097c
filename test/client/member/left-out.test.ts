/** What a cooperative plan leaves out, so that its owner gives it up first, is read again, whatever becomes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemberOptions, SimulatedGroup } from "./support/simulated-group.ts";

const config = { sessionTimeoutMs: 20_000, maxPollIntervalMs: 10_000 };

/** A static member dies while it gives up one of two partitions, and comes back: that is no round (rule 31). */
function diesWhileItGivesUp(others: readonly MemberOptions[]): SimulatedGroup {
  const group = new SimulatedGroup({ revokeMs: () => 3000 });
  group.topic("bills", 1);
  group.topic("orders", 2);
  for (const [at, options] of others.entries()) group.start(`before-${at}`, { ...config, ...options });
  group.advance(1000);
  const first = group.start("first", { ...config, groupInstanceId: "i" });
  group.advance(10_000);
  assert.equal(first.reads.size, 2);
  group.start("other", config);
  while (first.machine.state !== "Revoking") group.advance(10);
  first.crash();
  group.start("again", { ...config, groupInstanceId: "i" });
  group.advance(8000);
  assert.ok(group.running.every(({ machine }) => machine.state === "Stable"));
  return group;
}

const read = (group: SimulatedGroup) => group.running.flatMap(({ reads }) => [...reads.keys()]).length;

test("another who leads plans again when nobody has joined to take it over", () => {
  const group = diesWhileItGivesUp([{ topics: ["bills"] }]);
  assert.equal(read(group), 2);
  group.advance(15_000);
  assert.equal(read(group), 3);
});

test("also one who leads and is eager itself (simulate --seed 184)", () => {
  const group = diesWhileItGivesUp([{ topics: ["bills"], assignors: ["cooperative-sticky", "range"] }]);
  assert.equal(read(group), 2);
  group.advance(15_000);
  assert.equal(read(group), 3);
});

test("who leads, dies so and comes back leaves the group alone, as Java's does (KIP-814, simulate --seed 102)", () => {
  const group = diesWhileItGivesUp([]);
  assert.equal(read(group), 1);
  group.advance(15_000);
  assert.equal(read(group), 1);
});

test("one that stays away is dropped between two plans: the group comes to rest (simulate --seed 2500000342)", () => {
  const group = new SimulatedGroup({ revokeMs: () => 3000 });
  group.topic("bills", 1);
  group.topic("orders", 2);
  const leader = group.start("leads", { ...config, sessionTimeoutMs: 60_000, topics: ["bills"] });
  group.advance(1000);
  // The group's rebalance timeout is the longest: for 30 seconds after a round one that is away stays.
  const away = { ...config, sessionTimeoutMs: 60_000, maxPollIntervalMs: 30_000, groupInstanceId: "i" };
  const first = group.start("first", away);
  group.advance(10_000);
  group.start("other", config);
  while (first.machine.state !== "Revoking") group.advance(10);
  first.crash();
  group.advance(300_000);
  assert.equal(read(group), 3);
  const generation = leader.machine.generationId;
  group.advance(300_000);
  assert.equal(leader.machine.generationId, generation);
});
