/** What `--write` puts into docs/, and when it leaves a page as it is. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { versions } from "../../src/bench/compare/brokers.ts";
import { FoundSoFar } from "../../src/bench/compare/found.ts";
import { writePages } from "../../src/bench/compare/pages.ts";
import { type Trial, trial } from "../../src/bench/compare/row.ts";

const has = versions();
const before = "# Performance\n<!-- measured -->\nold\n<!-- /measured -->\nafter\n";

function of(id: string, more: Partial<Trial> = {}): Trial {
  const figures = { ms: { what: id, unit: "ms", better: "less" } } as const;
  return trial({ id, settings: ["fsync"], rounds: 1, seconds: 1, figures, measure: async () => ({ ms: 0 }), ...more });
}

async function docsIn(t: TestContext): Promise<string> {
  const docs = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(docs, { recursive: true }));
  await writeFile(join(docs, "performance.md"), before);
  return docs;
}

async function foundOf(measured: readonly string[], failed: readonly string[] = []): Promise<FoundSoFar> {
  const found = await FoundSoFar.open(["regroup"]);
  const at = (id: string) => ({ trial: id, product: "regroup", setting: "fsync" }) as const;
  for (const id of measured) found.add(at(id), { ms: 7 }, { cpu: 1, generator: 0.1, stolen: 0.02 });
  for (const id of failed) found.fail(at(id), ["ms"], "too slow");
  return found;
}

test("a page whose rows were not all measured stays as it is", async (t) => {
  const docs = await docsIn(t);
  const rows = ["a", "b", "c", "d", "e"].map((id) => of(id));
  assert.deepEqual(await writePages(docs, rows, await foundOf(["a"]), has), [
    "performance.md is not written: 4 of 5 rows had no round (b, c, d, …)",
  ]);
  assert.deepEqual(await readdir(docs), ["performance.md"]);
  assert.equal(await readFile(join(docs, "performance.md"), "utf8"), before);
});

test("a page is written between its marks, also where the other one is not", async (t) => {
  const docs = await docsIn(t);
  const rows = [of("a"), of("m", { load: "matrix" })];
  const staying = await writePages(docs, rows, await foundOf(["a"]), has);
  assert.deepEqual(staying, ["performance-matrix.md is not written: 1 of 1 rows had no round (m)"]);
  const page = await readFile(join(docs, "performance.md"), "utf8");
  assert.match(
    page,
    /^# Performance\n<!-- measured -->\nMeasured on [\s\S]*gave others 2\.0 % [\s\S]*\| a, ms \| fsync \| 7\.0 \|/,
  );
  assert.match(page, /<!-- \/measured -->\nafter\n$/);
  assert.deepEqual(await readdir(docs), ["performance.json", "performance.md"]);
});

test("rows that failed are written with their reasons, also where no round told what the host took", async (t) => {
  const docs = await docsIn(t);
  assert.deepEqual(await writePages(docs, [of("a")], await foundOf([], ["a"]), has), []);
  const page = await readFile(join(docs, "performance.md"), "utf8");
  assert.match(page, /regroup failed once: too slow/);
  assert.doesNotMatch(page, /NaN|Infinity|gave others/);
});
