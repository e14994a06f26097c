import assert from "node:assert/strict";
import { test } from "node:test";
import { DurationHistogram, RecentDurations } from "../../../src/client/metrics/durations.ts";

test("a histogram counts each duration in the bucket whose bound is the first not below it", () => {
  const histogram = new DurationHistogram();
  for (const ms of [0, 5, 5.1, 10_000, 10_001]) histogram.add(ms);
  const { count, sum, boundaries, counts } = histogram.told;
  assert.equal(count, 5);
  assert.equal(Math.round(sum * 1000), 20_011);
  assert.equal(counts.length, boundaries.length + 1);
  assert.deepEqual([counts[0], counts[1], counts.at(-2), counts.at(-1)], [2, 1, 1, 1]);
});

test("average and maximum look back for 30 to 60 s, the total for ever", () => {
  const recent = new RecentDurations(0);
  assert.equal(recent.told(0), undefined);
  recent.add(100, 1_000);
  recent.add(300, 29_000);
  assert.deepEqual(recent.told(59_000), { avgMs: 200, maxMs: 300 });
  recent.add(20, 59_000);
  assert.deepEqual(recent.told(61_000), { avgMs: 20, maxMs: 20 });
  assert.equal(recent.told(120_000), undefined);
  assert.deepEqual([recent.count, recent.totalMs], [3, 420]);
});
