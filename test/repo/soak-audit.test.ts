/** The soak test finds what it looks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemberEvent } from "../interop/support/member.ts";
import { conflictingPlans, disordered, lost, sharedPartitions, uncommitted } from "../soak/audit.ts";

const record = (partition: number, offset: number, value = `v${offset}`): MemberEvent => ({
  event: "record",
  partition,
  offset,
  value,
});
const assigned = (generation: number, ...partitions: number[]): MemberEvent => ({
  event: "assigned",
  partitions,
  generation,
});
const revoked = (...partitions: number[]): MemberEvent => ({ event: "revoked", partitions });
const member = (name: string, ...events: MemberEvent[]) => ({ name, events });
const produced = new Map([
  ["0/0", "v0"],
  ["0/1", "v1"],
]);

test("the soak test finds a record that never came", () => {
  assert.equal(lost(produced, [member("a", record(0, 0))]).length, 1);
  assert.deepEqual(lost(produced, [member("a", record(0, 0)), member("b", record(0, 0), record(0, 1))]), []);
});

test("the soak test finds an offset at which two members saw different records", () => {
  assert.equal(lost(new Map(), [member("a", record(0, 0)), member("b", record(0, 0, "other"))]).length, 1);
});

test("the soak test finds an offset that goes back while a member owns the partition", () => {
  assert.equal(disordered([member("a", assigned(1, 0), record(0, 1), record(0, 0))]).length, 1);
  assert.deepEqual(disordered([member("a", record(0, 1), revoked(0), assigned(2, 0), record(0, 0))]), []);
});

test("the soak test finds a record that comes again though it was committed", () => {
  const committed: MemberEvent = { event: "committed", partition: 0, offset: 2 };
  assert.equal(uncommitted([member("a", record(0, 1), committed, assigned(2, 0), record(0, 1))]).length, 1);
  assert.deepEqual(uncommitted([member("a", record(0, 1), committed, record(0, 2)), member("b", record(0, 1))]), []);
});

test("the soak test finds a partition with two owners in one generation", () => {
  assert.equal(sharedPartitions([member("a", assigned(1, 0, 1)), member("b", assigned(1, 1))]).length, 1);
  assert.deepEqual(sharedPartitions([member("a", assigned(1, 0), revoked(0)), member("b", assigned(2, 0))]), []);
});

test("the soak test counts what a cooperative member keeps", () => {
  const keeps = member("a", assigned(1, 0, 1), revoked(1), assigned(2));
  assert.equal(sharedPartitions([keeps, member("b", assigned(2, 0))]).length, 1);
  assert.deepEqual(sharedPartitions([keeps, member("b", assigned(2, 1))]), []);
});

test("the soak test finds a written generation that gives a partition to two members, or goes back", () => {
  const plan = (generation: number, memberId: string, ...partitions: number[]) => ({
    group: "g",
    generation,
    owners: [{ memberId, partitions }],
  });
  assert.equal(conflictingPlans([plan(1, "a", 0), plan(1, "b", 0)]).length, 1);
  assert.equal(conflictingPlans([plan(2, "a", 0), plan(1, "b", 0)]).length, 1);
  assert.deepEqual(conflictingPlans([plan(1, "a", 0), plan(1, "a", 0), plan(2, "b", 0)]), []);
});
