import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Estimate, visitsOf } from "../../src/bench/compare/estimate.ts";
import { FoundSoFar } from "../../src/bench/compare/found.ts";
import { progressOf, timeOf } from "../../src/bench/compare/report.ts";
import { type Trial, trial } from "../../src/bench/compare/row.ts";

const both = ["regroup", "kafka"] as const;
const used = { cpu: 10, generator: 0.5, stolen: 0.01 };

function of(id: string, rounds: number, more: Partial<Trial> = {}): Trial {
  return trial({ id, settings: ["fsync"], rounds, seconds: 1, figures: {}, measure: async () => ({}), ...more });
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
  const first = await FoundSoFar.open(both, file);
  first.add(ours!, { ms: 1 }, used);
  first.add(theirs!, { ms: Number.NaN }, used);
  first.add(ours!, { ms: 3 }, used);
  await first.save();
  const next = await FoundSoFar.open(both, file);
  assert.equal(next.rounds("a"), 1, "the second round lacks one of the two");
  next.add(theirs!, { ms: 4 }, used);
  assert.equal(next.rounds("a"), 2);
  assert.deepEqual(
    next.of("a").map(({ values }) => values),
    [{ ms: [1, 3] }, { ms: [Number.NaN, 4] }],
  );
  assert.equal(next.rounds("b"), 0);
});

test("a run does not go on from one on other brokers, nor from what is none", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "run.json");
  const alone = await FoundSoFar.open(["regroup"], file);
  alone.add({ trial: "a", product: "regroup", setting: "fsync" }, { ms: 1 }, used);
  await alone.save();
  await assert.rejects(
    FoundSoFar.open(both, file),
    /run\.json holds a run of regroup, and this is one of regroup and kaf/,
  );
  await writeFile(file, "[]");
  await assert.rejects(FoundSoFar.open(both, file), /name another file/);
  for (const text of ["[]", "", "not JSON", "null", "1", '{"name":"x"}', '{"all":{},"products":[],"spentMs":1}']) {
    await writeFile(file, text);
    const message = `${file}: expected what an earlier run kept there, or no file yet: name another file`;
    await assert.rejects(FoundSoFar.open(both, file), { message }, text);
  }
});

test("a file that cannot be kept is told before anything is measured", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(folder, { recursive: true }));
  const nowhere = join(folder, "nowhere");
  await assert.rejects(FoundSoFar.open(both, join(nowhere, "run.json")), {
    message: `${nowhere}/run.json: expected a folder that is there and may be written to: ${nowhere}`,
  });
  await assert.rejects(FoundSoFar.open(both, folder), {
    message: `${folder}: expected a file that can be read (EISDIR)`,
  });
});

test("a round that failed on one broker is measured again, on both beside each other", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "run.json");
  const [ours, theirs] = (["regroup", "kafka"] as const).map((product) => {
    return { trial: "a", product, setting: "fsync" } as const;
  });
  const first = await FoundSoFar.open(both, file);
  for (const ms of [1, 2, 3]) first.add(ours!, { ms }, used);
  first.add(theirs!, { ms: 4 }, used);
  first.fail(theirs!, ["ms"], "it ended");
  first.add(theirs!, { ms: 6 }, used);
  assert.deepEqual(first.of("a")[1]!.failures, [{ round: 1, reason: "it ended" }]);
  await first.save();
  const next = await FoundSoFar.open(both, file);
  assert.deepEqual(
    next.of("a").map(({ values, failures }) => [values, failures]),
    [
      [{ ms: [1, 3] }, []],
      [{ ms: [4, 6] }, []],
    ],
  );
  assert.equal(next.rounds("a"), 2);
  assert.ok(next.spentMs > 0, "the time of the first run counts");
});

test("how long the rest will take is told by the rows, and then by how long they took", () => {
  const visits = visitsOf([of("a", 2, { seconds: 60 }), of("b", 1, { seconds: 120 })]);
  const estimate = new Estimate(visits, ["regroup", "kafka"]);
  assert.equal(estimate.progress, "0 of 3");
  assert.equal(estimate.leftMs, 480_000);
  estimate.visited(240_000); // twice as long as said
  assert.equal(estimate.progress, "1 of 3");
  assert.equal(estimate.leftMs, 360_000 * 1.5); // half of it believed
});

test("a short time is told in seconds, and behind the last round none", () => {
  assert.deepEqual([0, 45_400, 119_000, 120_000, 840_000].map(timeOf), [
    "0 s",
    "45 s",
    "119 s",
    "2 minutes",
    "14 minutes",
  ]);
  assert.equal(progressOf({ progress: "1 of 5", leftMs: 12_000 }), "… 1 of 5 rounds, about 12 s for the others");
  assert.equal(progressOf({ progress: "5 of 5", leftMs: 0 }), "… 5 of 5 rounds");
});
