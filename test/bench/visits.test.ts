import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FoundSoFar } from "../../src/bench/compare/found.ts";
import { visitsOf } from "../../src/bench/compare/measure.ts";
import { type Trial, trial } from "../../src/bench/compare/row.ts";

function of(id: string, rounds: number, more: Partial<Trial> = {}): Trial {
  return trial({ id, settings: ["fsync"], rounds, figures: {}, measure: async () => ({}), ...more });
}

test("every row has its first round before any has its second; brokers of one row serve it once", () => {
  const trials = [of("a", 3), of("b", 1), of("c", 2, { ownBrokers: "packaged" }), of("d", 2)];
  const visits = visitsOf(trials).map(({ trial: { id }, untilRound }) => `${id}${untilRound}`);
  assert.deepEqual(visits, ["a1", "b1", "c2", "d1", "a2", "d2", "a3"]);
});

test("a long run goes on where the file of the last one ends", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "run.json");
  const [ours, theirs] = (["regroup", "kafka"] as const).map((product) => {
    return { trial: "a", product, setting: "fsync" } as const;
  });
  const first = await FoundSoFar.open(file);
  first.add(ours!, { ms: 1 }, 10);
  first.add(theirs!, { ms: Number.NaN }, 20);
  first.add(ours!, { ms: 3 }, 10);
  await first.save();
  const next = await FoundSoFar.open(file);
  assert.equal(next.rounds("a"), 1, "the second round lacks one of the two");
  next.add(theirs!, { ms: 4 }, 20);
  assert.equal(next.rounds("a"), 2);
  assert.deepEqual(
    next.of("a").map(({ values }) => values),
    [{ ms: [1, 3] }, { ms: [Number.NaN, 4] }],
  );
  assert.equal(next.rounds("b"), 0);
});
