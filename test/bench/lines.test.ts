import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf } from "../../src/bench/compare/lines.ts";
import type { Found } from "../../src/bench/compare/measure.ts";
import { row } from "../../src/bench/compare/report.ts";
import { trial } from "../../src/bench/compare/row.ts";

const latency = trial({
  id: "latency",
  settings: ["fsync", "memory"],
  rounds: 3,
  figures: {
    p99: { what: "p99", unit: "ms", better: "less", targets: { fsync: { ratio: 0.5 }, memory: { value: 1 } } },
  },
  measure: async () => ({ p99: 0 }),
});

function found(product: Found["product"], setting: Found["setting"], p99: number[]): Found {
  return { trial: "latency", product, setting, values: { p99 }, cpuMs: [] };
}

test("a ratio is that of the medians, and its spread that of the rounds as they followed each other", () => {
  const [line] = linesOf(latency, [found("regroup", "fsync", [4, 2, 9]), found("kafka", "fsync", [10, 8, 12])]);
  assert.deepEqual(line!.ratio, { median: 0.4, low: 0.25, high: 0.75 });
  assert.equal(line!.isMet, true);
  assert.deepEqual(row(line!), ["p99, ms", "fsync", "4.0", "10", "0.40 × (0.25 – 0.75)", "≤ 0.5 × ✓"]);
});

test("a target that is a figure needs no Kafka; one that is a share is not judged without it", () => {
  const [fsync, memory] = linesOf(latency, [found("regroup", "fsync", [4]), found("regroup", "memory", [1.5])]);
  assert.equal(fsync!.isMet, undefined);
  assert.equal(memory!.isMet, false);
  assert.equal(row(memory!).at(-1), "≤ 1 ms ✗");
});

test("what was not measured is a dash, and meets nothing", () => {
  const [line] = linesOf(latency, [found("kafka", "fsync", [10])]);
  assert.deepEqual(row(line!), ["p99, ms", "fsync", "–", "10", "–", "≤ 0.5 ×"]);
});
