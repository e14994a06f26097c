import assert from "node:assert/strict";
import { test } from "node:test";
import type { Found } from "../../src/bench/compare/found.ts";
import { linesOf } from "../../src/bench/compare/lines.ts";
import { row, table } from "../../src/bench/compare/report.ts";
import { trial } from "../../src/bench/compare/row.ts";

const latency = trial({
  id: "latency",
  settings: ["fsync", "memory"],
  rounds: 3,
  seconds: 1,
  figures: {
    p99: { what: "p99", unit: "ms", better: "less", targets: { fsync: { ratio: 0.5 }, memory: { value: 1 } } },
  },
  measure: async () => ({ p99: 0 }),
});

function found(product: Found["product"], setting: Found["setting"], p99: number[]): Found {
  return { trial: "latency", product, setting, values: { p99 }, cpuMs: [], generator: [], stolen: [], failures: [] };
}

test("a ratio is that of the medians, and its spread that of the rounds as they followed each other", () => {
  const [line] = linesOf(latency, [found("regroup", "fsync", [4, 2, 9]), found("kafka", "fsync", [10, 8, 12])]);
  assert.deepEqual(line!.ratio, { median: 0.4, low: 0.25, high: 0.75, rounds: 3 });
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

test("what is measured in two ways has no ratio", () => {
  const p99 = { ...latency.figures.p99, isUnlike: true } as const;
  const [line] = linesOf({ ...latency, figures: { p99 } }, [
    found("regroup", "fsync", [4]),
    found("kafka", "fsync", [2]),
  ]);
  assert.deepEqual(row(line!).slice(2, 5), ["4.0", "2.0", "–"]);
});

test("of what is nothing, or less, there is no ratio, and a round that failed does not count", () => {
  const [none] = linesOf(latency, [found("regroup", "fsync", [0.5]), found("kafka", "fsync", [-0.03])]);
  assert.deepEqual(row(none!).slice(2), ["0.50", "0", "–", "≤ 0.5 ×"]);
  const [some] = linesOf(latency, [
    found("regroup", "fsync", [4, Number.NaN, 2]),
    found("kafka", "fsync", [10, 1, 10]),
  ]);
  assert.deepEqual(row(some!).slice(2), ["3.0", "10", "0.30 × (0.20 – 0.40)", "≤ 0.5 × ✓"]);
});

test("what the machine took stands apart, without a flush, a ratio or a target", () => {
  const figures = { syncP50: { what: "one fdatasync", unit: "ms", better: "less" } } as const;
  const beside = { ...latency, machine: { figures, measure: async () => ({ syncP50: 0 }) } };
  const took: Found = { ...found("machine", "fsync", []), values: { syncP50: [0.2, 0.4, 0.3] } };
  const lines = linesOf(beside, [found("regroup", "fsync", [4]), took]);
  assert.deepEqual(row(lines.at(-1)!), ["the machine: one fdatasync, ms", "–", "0.30", "–", "–", ""]);
  assert.match(table(lines), /\| \*the machine: one fdatasync, ms\* \| – \| \*0.30\* \| – \| – \| {2}\|\n$/);
});

test("why rounds failed, and where, stands in their row, each reason once", () => {
  const failures = [1, 2].map((round) => ({ round, reason: "the load latency ended with 1\nand more" }));
  const theirs = { ...found("kafka", "fsync", [10, Number.NaN, Number.NaN]), failures };
  const [line] = linesOf(latency, [found("regroup", "fsync", [4, 4, 4]), theirs]);
  assert.equal(row(line!).at(-1), "≤ 0.5 × ✓; Kafka failed 2 times: the load latency ended with 1");
});
