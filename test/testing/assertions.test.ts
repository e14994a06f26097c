import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertCommitted,
  assertNoErrors,
  assertRebalances,
  assertRequests,
  startBroker,
} from "../../src/testing/index.ts";
import { startMember, three } from "./members.ts";

test("what happened is asserted, and a failure shows what was there", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  await kafka.topic("orders").produce(three);
  await using _member = await startMember(kafka, { config: { autoCommitIntervalMs: 5 } });
  await kafka.topic("orders").consumed("billing");

  assertRebalances(kafka, "billing", { count: 1, atMost: 1, movedPartitions: 1 });
  await assertCommitted(kafka, "billing", { orders: { 0: 3 } });
  assertRequests(kafka, { api: "SyncGroup", clientId: "a" }, 1);
  assertNoErrors(kafka, {}, ["UNKNOWN_TOPIC_OR_PARTITION"]);

  const count = /rebalances of billing:\n {2}generation 1: new member/;
  assert.throws(() => assertRebalances(kafka, "billing", { count: 0 }), { message: count, actual: 1, expected: 0 });
  const most = /at most 0 rebalances of billing were expected/;
  assert.throws(() => assertRebalances(kafka, "billing", { atMost: 0 }), { name: "AssertionError", message: most });
  assert.throws(() => assertRebalances(kafka, "billing", { movedPartitions: 2 }), { actual: 1, expected: 2 });
  await assert.rejects(assertCommitted(kafka, "billing", { orders: { 0: 9 } }), /committed by billing: .*"0":3/);
  assert.throws(() => assertRequests(kafka, { api: "SyncGroup" }, 2), { actual: 1, expected: 2 });
  kafka.on("FindCoordinator", { clientId: "b" }).once().fail("COORDINATOR_NOT_AVAILABLE");
  await using _other = await startMember(kafka, { clientId: "b", config: { retryBackoffMs: 5 } });
  await kafka.requested({ error: "COORDINATOR_NOT_AVAILABLE" });
  assert.throws(
    () => assertNoErrors(kafka),
    /no errors were expected:\n.*b FindCoordinator v\d: answered COORDINATOR_NOT_AV/,
  );
});

test("a heartbeat that waits until its member has left is no error", async () => {
  await using kafka = await startBroker({ topics: ["orders"] });
  const member = await startMember(kafka);
  await kafka.requested({ api: "Heartbeat" });
  await member[Symbol.asyncDispose]();
  await kafka.requested({ api: "Heartbeat", error: "UNKNOWN_MEMBER_ID" });
  assertNoErrors(kafka);
});
