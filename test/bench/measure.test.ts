/** The run over all rows, on a real broker: what fails costs its own round, and nothing else. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { Brokers } from "../../src/bench/compare/brokers.ts";
import { FoundSoFar } from "../../src/bench/compare/found.ts";
import { measureAll } from "../../src/bench/compare/measure.ts";
import { type Trial, trial } from "../../src/bench/compare/row.ts";
import { isAlive } from "../../src/bench/load/process.ts";

const ms = { what: "it", unit: "ms", better: "less" } as const;

function of(id: string, measure: Trial<"ms">["measure"], more: Partial<Trial<"ms">> = {}): Trial {
  return trial({ id, settings: ["memory"], rounds: 1, seconds: 0, figures: { ms }, measure, ...more });
}

test("a row that fails, or ends its broker, is told why, and the next has a broker again", async () => {
  const found = await FoundSoFar.open(["regroup"]);
  // On which broker; a turn that the host disturbed is taken again there.
  const loadedOn = new Set<number>();
  const laterOn = new Set<number>();
  const progress: string[] = [];
  const loaded = of("loaded", async ({ server, pid }, topic, run) => {
    await run("commits", { server, topic, connections: 1, groups: 1, warmUpSeconds: 0, seconds: 0.1 });
    loadedOn.add(pid);
    return { ms: 1 };
  });
  const fails = of("fails", () => Promise.reject(new Error("no such thing")));
  const ends = of("ends", async (broker) => {
    await broker.kill();
    throw new Error("the broker has ended");
  });
  const later = async ({ pid }: { readonly pid: number }) => {
    laterOn.add(pid);
    return { ms: 2 };
  };
  await measureAll([loaded, fails, ends, of("later", later, { after: [loaded] })], found, {
    products: ["regroup"],
    budgetMs: 60_000,
    onBegin: (estimate) => progress.push(estimate.progress),
    onFound: (_, estimate) => progress.push(estimate.progress),
  });
  assert.deepEqual(
    found.all.map(({ trial: id, values, failures }) => [id, values.ms, failures]),
    [
      ["loaded", [1], []],
      ["fails", [Number.NaN], [{ round: 0, reason: "no such thing" }]],
      ["ends", [Number.NaN], [{ round: 0, reason: "the broker has ended" }]],
      ["later", [2], []],
    ],
  );
  const shares = found.all.map(({ generator }) => generator[0]!);
  assert.ok(shares[0]! > 0, "what the load's process took is told");
  assert.ok(shares.slice(1).every(Number.isNaN), "they have no load");
  const [, second, ...others] = loadedOn; // on the new broker it is what `later` asks for
  assert.deepEqual(others, []);
  assert.deepEqual([...laterOn], [second]);
  assert.deepEqual(progress, ["0 of 4", "1 of 4", "2 of 4", "3 of 4", "4 of 4"]);
});

test("what a row needs beforehand is made under a new name where it has failed", async () => {
  const found = await FoundSoFar.open(["regroup"]);
  const names = new Set<string>();
  const prepare = async (_: unknown, name: string) => {
    if (names.add(name).size === 1) throw new Error("too late");
  };
  const row = of("prepared", async () => ({ ms: 1 }), { rounds: 2, prepare });
  const ignored = { onBegin: () => undefined, onFound: () => undefined };
  await measureAll([row], found, { products: ["regroup"], budgetMs: 60_000, ...ignored });
  assert.deepEqual(found.of("prepared")[0]!.values.ms, [Number.NaN, 1]);
  assert.equal(names.size, 2);
});

test("a run that ends as a broker begins to start waits for it, and stops it", async () => {
  const brokers = await Brokers.open();
  const starting = brokers.start("regroup", "memory");
  await brokers[Symbol.asyncDispose]();
  const { pid } = await starting;
  assert.ok(!isAlive(pid));
});

const imported = (file: string) => {
  return JSON.stringify(new URL(`../../src/bench/compare/${file}`, import.meta.url).href);
};

test("Ctrl-C ends the run, and is no failure of the round that was under way", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "run.json");
  const program = `
    import { FoundSoFar } from ${imported("found.ts")};
    import { measureAll } from ${imported("measure.ts")};
    const of = (id, measure) => ({ id, settings: ["memory"], rounds: 1, seconds: 0, figures: { ms: {} }, measure });
    const loaded = ({ server }, topic, run) => {
      console.log("begun");
      return run("produce", { server, topic, seconds: 30 });
    };
    const found = await FoundSoFar.open(["regroup"], ${JSON.stringify(file)});
    const options = { products: ["regroup"], budgetMs: 60_000, onBegin() {}, onFound() {} };
    await measureAll([of("first", async () => ({ ms: 1 })), of("loaded", loaded)], found, options);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { detached: true });
  child.stdout.once("data", () => process.kill(-child.pid!, "SIGINT")); // to its group, as a terminal does
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  const says = `Interrupted: 1 of 2 rounds were measured; --resume ${file} goes on from there.\n`;
  assert.deepEqual([code, stderr], [130, says]);
  const next = await FoundSoFar.open(["regroup"], file);
  assert.deepEqual(
    next.all.map(({ trial: id, values }) => [id, values.ms]),
    [["first", [1]]],
  );
});

test("what nobody catches is the failure of the turn that is under way", async () => {
  // In a process of its own: here the test would hear of it, too.
  const program = `
    import { FoundSoFar } from ${imported("found.ts")};
    import { measureAll } from ${imported("measure.ts")};
    const of = (id, measure) => ({ id, settings: ["memory"], rounds: 1, seconds: 0, figures: { ms: {} }, measure });
    const throws = () => new Promise(() => setImmediate(() => { throw new Error("the connection is lost"); }));
    const found = await FoundSoFar.open(["regroup"]);
    const options = { products: ["regroup"], budgetMs: 60_000, onBegin() {}, onFound() {} };
    await measureAll([of("throws", throws), of("later", async () => ({ ms: 1 }))], found, options);
    console.log(JSON.stringify(found.all.map(({ trial, values, failures }) => [trial, values.ms, failures])));
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.deepEqual(JSON.parse(stdout), [
    ["throws", [null], [{ round: 0, reason: "the connection is lost" }]],
    ["later", [1], []],
  ]);
});
