/** How long partitions stand still while members come and go: issue 4's short pauses, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stateOf } from "../../../src/group/shard.ts";
import { SimulatedGroup, type SimulatedOptions } from "./support/simulated-group.ts";

/** For each partition that somebody stopped to read, how long it was until somebody read it again. */
function watchPauses(group: SimulatedGroup): Map<string, number> {
  const pauses = new Map<string, number>();
  const stoppedMs = new Map<string, number>();
  let before = readNow(group);
  group.check = () => {
    const now = readNow(group);
    for (const partition of before) if (!now.has(partition)) stoppedMs.set(partition, group.nowMs);
    for (const partition of now) {
      if (!before.has(partition)) pauses.set(partition, group.nowMs - (stoppedMs.get(partition) ?? group.nowMs));
    }
    before = now;
  };
  return pauses;
}

function readNow(group: SimulatedGroup): Set<string> {
  return new Set(group.running.flatMap(({ reads }) => [...reads.keys()]));
}

function stableMembers(count: number, options: SimulatedOptions = {}): SimulatedGroup {
  const group = new SimulatedGroup(options);
  group.topic("orders", 32);
  for (let at = 0; at < count; at++) group.start(`m${at}`);
  group.advance(60_000);
  for (const { machine } of group.members) assert.equal(machine.state, "Stable");
  return group;
}

function median(values: Iterable<number>): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

test("a fifth member joins: partitions that move stand still 60 ms at most, the others not at all", () => {
  const medians: number[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    const group = stableMembers(4, { seed });
    const pauses = watchPauses(group);
    group.start("e");
    group.advance(10_000);
    assert.equal(group.members[4]!.reads.size, 6);
    assert.equal(pauses.size, 6, "only what moves stood still");
    medians.push(median(pauses.values()));
  }
  assert.ok(median(medians) <= 60, `${medians}`);
});

test("who takes 300 ms to give up its partitions is heard of within as long again", () => {
  const group = stableMembers(4, { revokeMs: () => 300 });
  const pauses = watchPauses(group);
  group.start("e");
  group.advance(10_000);
  assert.equal(pauses.size, 6);
  for (const [partition, pauseMs] of pauses) assert.ok(pauseMs >= 300 && pauseMs <= 700, `${partition}: ${pauseMs}`);
});

test("early heartbeats end: a minute after a rebalance a member sends one per heartbeat.interval.ms", () => {
  const group = stableMembers(4);
  const [member] = group.members;
  const before = member!.sent.get("Heartbeat")!;
  assert.ok(before <= 60_000 / 3000 + Math.log2(3000 / 5) + 1, `${before}`);
  group.advance(60_000);
  assert.equal(member!.sent.get("Heartbeat")! - before, 20);
});

test("hundreds of members send their early heartbeats at two a millisecond at most", () => {
  const group = new SimulatedGroup({ group: { groupInitialRebalanceDelayMs: 10 } });
  group.topic("orders", 400);
  for (let at = 0; at < 200; at++) group.start(`m${at}`);
  group.advance(1000);
  assert.ok(group.members.every(({ reads }) => reads.size === 2));
  const times = group.members.flatMap(({ actions }) =>
    actions.flatMap((one) => (one.type === "send" && one.request.api === "Heartbeat" ? [one.atMs] : [])),
  );
  const perTenMs = Map.groupBy(times, (atMs) => Math.floor(atMs / 10));
  const busiest = Math.max(...Array.from(perTenMs.values(), ({ length }) => length));
  assert.ok(times.length >= 200);
  assert.ok(busiest <= 30, `${busiest} in 10 ms`);
});

test("a coordinator that holds heartbeats back: a join and a clean leave are taken over within 50 ms", () => {
  const group = stableMembers(4, { heartbeatMaxWaitMs: 60_000 });
  const pauses = watchPauses(group);
  const joinedMs = group.nowMs;
  const joiner = group.start("e");
  group.advance(50);
  assert.equal(joiner.reads.size, 6, `joined at ${joinedMs}`);
  group.members[0]!.close();
  group.advance(50);
  assert.equal(readNow(group).size, 32);
  for (const pauseMs of pauses.values()) assert.ok(pauseMs <= 50);
});

test("a coordinator that holds heartbeats back: a crash is taken over within 50 ms of the session's end", () => {
  const group = stableMembers(5, { heartbeatMaxWaitMs: 60_000 });
  const crashedMs = group.nowMs;
  group.members[0]!.crash();
  while (stateOf(group.world.coordinator.shard, "g") === "Stable") group.advance(1);
  const knownMs = group.nowMs;
  assert.ok(knownMs - crashedMs >= 30_000 && knownMs - crashedMs <= 45_000, `after ${knownMs - crashedMs} ms`);
  group.advance(50);
  assert.equal(readNow(group).size, 32);
});

test("a coordinator that holds heartbeats back is asked once per wait while nothing happens", () => {
  const group = stableMembers(4, { heartbeatMaxWaitMs: 60_000 });
  const before = group.members.map(({ sent }) => sent.get("Heartbeat")!);
  group.advance(150_000);
  // A heartbeat waits a third of the session at most, so that the session is kept.
  for (const [at, { sent }] of group.members.entries()) assert.equal(sent.get("Heartbeat")! - before[at]!, 10);
});
