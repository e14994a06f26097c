import assert from "node:assert/strict";
import { test } from "node:test";
import { shortName } from "../../../src/cli/watch/look.ts";
import { timeRange } from "../../../src/cli/watch/time-range.ts";
import { inSpan, inTime, inTopics, thousands } from "../../../src/cli/watch/words.ts";

test("times as people read them", () => {
  const times: [number, string][] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [9940, "9.9 s"],
    [44_100, "44 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
  ];
  for (const [ms, text] of times) assert.equal(inTime(ms), text);
});

test("a time between two looks is known within bounds", () => {
  assert.equal(inSpan({ atLeastMs: 45, atMostMs: 45 }), "45 ms");
  assert.equal(inSpan({ atLeastMs: 0, atMostMs: 1000 }), "≤ 1.0 s");
  assert.equal(inSpan({ atLeastMs: 500, atMostMs: 1500 }), "500 ms–1.5 s");
});

test("partitions by topic, neighbours as one", () => {
  assert.equal(inTopics(["orders-10", "a-b-1", "orders-2", "orders-1", "orders-0"]), "a-b 1, orders 0-2 10");
  assert.equal(inTopics([]), "");
  assert.equal(thousands(1_234_567.4), "1,234,567");
});

/** In local time, as the range is. */
const local = (text: string) => new Date(text).getTime();
const end = local("2026-11-21T09:30:00");

test("hours and minutes are those of the last time before the recording ends", () => {
  const range = (since?: string, until?: string) => timeRange(since, until, end);
  assert.deepEqual(range(), { sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY });
  assert.equal(range("03:00").sinceMs, local("2026-11-21T03:00:00"));
  assert.equal(range("23:00").sinceMs, local("2026-11-20T23:00:00"));
  assert.equal(range("23:00", "01:30").untilMs, local("2026-11-21T01:30:00"));
  assert.equal(range(undefined, "03:10:30").untilMs, local("2026-11-21T03:10:30"));
  assert.equal(range("2026-11-20 08:00").sinceMs, local("2026-11-20T08:00:00"));
  assert.equal(range("2026-11-20").sinceMs, local("2026-11-20T00:00:00"));
  assert.equal(range("2026-11-20T08:00Z").sinceMs, Date.parse("2026-11-20T08:00:00Z"));
});

test("what is no time, or a range that ends before it begins, is said", () => {
  assert.throws(() => timeRange("3 a.m.", undefined, end), /--since 3 a\.m\.: expected 03:00, or 2026-11-21T03:00/);
  assert.throws(() => timeRange(undefined, "25:00", end), /--until 25:00: expected/);
  assert.throws(() => timeRange("2026-11-21", "2026-11-20", end), /is later than/);
});

test("members are named so that people know them again", () => {
  const name = (memberId: string, clientId: string, groupInstanceId: string | null = null) =>
    shortName({ memberId, clientId, groupInstanceId, host: "10.0.0.1" });
  const uuid = "aa9ac42c-b6de-45a9-b290-1f8a2b270dfd";
  assert.equal(name(`app-${uuid}`, "app"), "app-aa9ac42c");
  assert.equal(name(`app-${uuid}`, "app", "billing-0"), "billing-0");
  assert.equal(name("PczX-f0fQ12I1iZX7VHJwQ", "console-consumer"), "console-consumer-PczX-f0f");
  assert.equal(name(uuid, "app"), "app-aa9ac42c");
});
