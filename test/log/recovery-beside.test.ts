/** A start writes segments while it reads the journal on: what it reads meanwhile does not get in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { FileLog } from "../../src/log/file/file-log.ts";
import type { FilePartition } from "../../src/log/file/partition.ts";
import type { Log } from "../../src/log/log.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { put, readAll, valuesOf } from "./conformance.ts";
import { open } from "./workload.ts";

const orders = { topic: "orders", partition: 0, topicId: "first" };
const config = { ...defaultLogConfig, fileDeleteDelayMs: 0 };
const damaged: string[] = [];
const options = {
  checkpointBytes: 1 << 20, // they come only where they are asked for
  journalFileBytes: 1 << 16,
  recoveryBytes: 300,
  onDamage: (_: unknown, error: Error) => void damaged.push(error.message),
};

const leftToSystem = { ...options, flushIntervalMessages: 1000 };

/** The disk as the next process finds it; to open a segment takes it some turns more than to read the journal. */
function slowAfter(disk: MemoryDisk, kind: "kill" | "power", turns: number): MemoryDisk {
  const next = disk.crash({ kind });
  const open = next.open.bind(next);
  next.open = async (path, mode) => {
    if (path.endsWith(".log")) for (let turn = 0; turn < turns; turn++) await nextTurn();
    return open(path, mode);
  };
  return next;
}

/** The partition's topic id and values; undefined when there is none. */
async function stateOf(all: Log): Promise<string | undefined> {
  const log = all.get("orders", 0);
  if (log === undefined) return undefined;
  const values: unknown[] = [];
  for (let offset = 0; offset < log.logEndOffset; ) {
    const read = await readAll(log, offset);
    values.push(...valuesOf(read).map((value) => value?.slice(0, 8)));
    offset = read.nextOffset;
  }
  return [log.topicId, ...values].join(" ");
}

const folders = async (disk: MemoryDisk) => (await disk.list("data")).filter((name) => name.endsWith("/"));

type Step = (all: Log) => Promise<unknown>;

interface Run {
  readonly states: readonly (string | undefined)[];
  /** Of the disk, after each step. */
  readonly bytes: readonly number[];
}

/** Takes one step after the other until the disk dies, and notes what each has left. */
async function run(disk: MemoryDisk, steps: readonly Step[], options: object): Promise<Run> {
  const all = await open(disk, options).catch(() => undefined);
  const states: (string | undefined)[] = [undefined];
  const bytes: number[] = [0];
  for (const step of all ? steps : []) {
    const isThrough = await step(all!).then(
      () => true,
      () => false,
    );
    if (!isThrough) break;
    states.push(await stateOf(all!));
    bytes.push(disk.bytesWritten);
  }
  return { states, bytes };
}

/** After how many bytes to kill: all along what the steps write, and at each byte of one of them. */
function* kills({ bytes }: Run, closely: number): Generator<number> {
  const [from, to] = [bytes[closely]!, bytes[closely + 1]! + 1];
  for (let at = 1; at <= bytes.at(-1)! + 1; at += at >= from && at <= to ? 1 : 41) yield at;
}

async function shownBy(disk: MemoryDisk, options: object, where: string): Promise<[string | undefined, Log]> {
  const all = await open(disk, options).catch((error: Error) => assert.fail(`${where}: ${error.stack}`));
  return [await stateOf(all), all];
}

/** What a start shows is what the last step has left, or the next one, for good. */
async function killsAllAlong(steps: readonly Step[], closely: number): Promise<void> {
  const whole = await run(new MemoryDisk(), steps, options);
  for (const bytes of kills(whole, closely)) {
    const where = `after ${bytes} bytes`;
    let disk = new MemoryDisk({ diesAfterBytes: bytes });
    const done = (await run(disk, steps, options)).states.length - 1;
    const shown = new Set<string | undefined>();
    for (const turns of [bytes % 3, bytes % 11, 0]) {
      disk = slowAfter(disk, "kill", turns);
      const [state, all] = await shownBy(disk, options, where);
      shown.add(state);
      if (turns === 0) await all.close();
    }
    assert.equal(shown.size, 1, `${where}: ${[...shown].join("; ")}`);
    const [state] = shown;
    const { states } = whole;
    assert.ok([states[done], states[done + 1]].includes(state), `${where}: ${state}, not ${states[done]}`);
    assert.deepEqual(damaged, [], where);
  }
}

const puts = (name: string, count: number): Step[] =>
  Array.from({ length: count }, (_, index) => (all) => {
    return put(all.get("orders", 0)!, { values: [`${name}-${index}`.padEnd(50, "x")] });
  });

const madeAgain: Step[] = [
  (all) => all.create(orders, config),
  ...puts("a", 2),
  (all) => all.clean(1), // a checkpoint knows of its file
  ...puts("b", 5),
  (all) => all.delete("orders", 0),
  (all) => all.create({ ...orders, topicId: "second" }, config),
  ...puts("c", 5),
];
const deletion = madeAgain.length - 7;

test("a partition that was deleted, and one made again under its name", () => killsAllAlong(madeAgain, deletion));

test("a partition whose end was cut", () =>
  killsAllAlong(
    [...madeAgain.slice(0, deletion), (all) => all.get("orders", 0)!.truncate(4), ...puts("c", 5)],
    deletion,
  ));

const compacted = { ...config, cleanupPolicy: { delete: false, compact: true }, segmentBytes: 300 };
const eager = { ...compacted, minCleanableDirtyRatio: 0, minCompactionLagMs: 0 };
const keyed = Array.from({ length: 8 }, (_, index): Step => {
  return (all) => put(all.get("orders", 0)!, { keys: [`${index % 2}`], values: [`a-${index}`.padEnd(50, "x")] });
});

test("a compacted partition that was deleted", () => {
  const made: Step = (all) => all.create(orders, eager);
  const steps = [made, ...keyed, (all: Log) => all.clean(1000), ...puts("b", 5), (all: Log) => all.delete("orders", 0)];
  return killsAllAlong(steps, steps.length - 1);
});

test("a compacted partition whose folder was lost is damaged; the broker starts, and cleans the others", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, options);
  await all.create(orders, eager);
  for (const step of keyed) await step(all);
  const other = await all.create({ ...orders, topic: "other" }, config);
  await put(other, { values: ["x"] });
  const rename = disk.rename.bind(disk);
  disk.rename = async (from, to) => (to.endsWith(".log") ? undefined : rename(from, to)); // killed before it
  await all.clean(1000);
  const next = disk.crash({ kind: "kill" });
  await next.remove("data/orders-0");
  const again = await open(next, options);
  assert.equal(damaged.splice(0).length, 1);
  assert.equal((again.get("orders", 0) as FilePartition).damage, "data/orders-0 is empty");
  await again.delete("other", 0);
  await again.clean(2000);
  await again.clean(3000);
  assert.deepEqual(await folders(next), []);
  await again.close();
});

test("the power fails while a start comes to a deletion that was not answered: it is whole, or never was", async () => {
  const whole = await run(new MemoryDisk(), madeAgain, options);
  const [from, to] = [whole.bytes[deletion]!, whole.bytes[deletion + 1]!];
  for (let bytes = from + 1; bytes <= to; bytes++) {
    for (let second = 1; second < 15; second++) {
      const where = `after ${bytes} and ${second} bytes`;
      const disk = new MemoryDisk({ diesAfterBytes: bytes });
      await run(disk, madeAgain, options);
      const dying = disk.crash({ kind: "kill" }, { diesAfterBytes: second });
      await open(dying, options).catch(() => undefined);
      const [state, all] = await shownBy(dying.crash({ kind: "power" }), options, where);
      assert.ok(whole.states.slice(deletion, deletion + 2).includes(state), `${where}: ${state}`);
      assert.deepEqual(damaged, [], where);
      await all.close();
    }
  }
});

/** One whose records are in its folder. */
async function written(all: Log): Promise<FilePartition> {
  const log = (await all.create(orders, config)) as FilePartition;
  for (const step of puts("a", 2)) await step(all);
  await all.clean(1);
  return log;
}

/** Deletes it; what comes meanwhile comes before its folder has the new name. */
async function deletedSlowly(all: Log, meanwhile: () => Promise<void>): Promise<void> {
  const log = await written(all);
  const { promise: isWritten, resolve } = Promise.withResolvers<void>();
  const writing = log.inLane(() => isWritten); // as a long write of its segment
  const deleted = all.delete("orders", 0);
  await meanwhile();
  resolve();
  await Promise.all([writing, deleted]);
}

test("what is left of a partition goes, though cleaning looked for it before it was there", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, options);
  await deletedSlowly(all, () => all.clean(2));
  assert.deepEqual(await folders(disk), ["0-delete/"]);
  await all.clean(3);
  assert.deepEqual(await folders(disk), []);
  await all.close();
});

test("what is left of a partition goes, though a kill came before its new name was told", async () => {
  const disk = new MemoryDisk();
  const all = (await open(disk, options)) as FileLog;
  await deletedSlowly(all, async () => {
    await all.clean(2);
    await all.checkpoint(); // it comes when there is no folder of the new name, which was looked for
  });
  assert.deepEqual(await folders(disk), ["0-delete/"]);
  const next = disk.crash({ kind: "kill" });
  const again = await open(next, options);
  await again.clean(4);
  assert.deepEqual(await folders(next), []);
  await again.close();
});

test("what is left of a partition goes, though a kill came while it went", async () => {
  const disk = new MemoryDisk();
  const all = (await open(disk, options)) as FileLog;
  await written(all);
  await all.delete("orders", 0);
  const isAsked = Promise.withResolvers<void>();
  disk.remove = () => {
    isAsked.resolve();
    return new Promise(() => undefined);
  };
  void all.clean(2);
  await isAsked.promise;
  await all.checkpoint();
  const next = disk.crash({ kind: "kill" });
  assert.deepEqual(await folders(next), ["0-delete/"]);
  const again = await open(next, options);
  await again.clean(3);
  assert.deepEqual(await folders(next), []);
  await again.close();
});

test("what the disk did not remove is removed at the next cleaning", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, options);
  await written(all);
  await all.delete("orders", 0);
  const remove = disk.remove.bind(disk);
  disk.remove = () => Promise.reject(new Error("EMFILE"));
  await assert.rejects(all.clean(2), /EMFILE/);
  disk.remove = remove;
  assert.deepEqual(await folders(disk), ["0-delete/"]);
  await all.clean(3);
  assert.deepEqual(await folders(disk), []);
  await all.close();
});

test("left to the system, killed, and then the power fails: a deletion is whole, or never was", async () => {
  const whole = await run(new MemoryDisk(), madeAgain, leftToSystem);
  for (const bytes of kills(whole, deletion)) {
    const where = `after ${bytes} bytes`;
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const done = (await run(disk, madeAgain, leftToSystem)).states.length - 1;
    const killed = slowAfter(disk, "kill", bytes % 5);
    await shownBy(killed, leftToSystem, where);
    const [state, all] = await shownBy(slowAfter(killed, "power", 0), leftToSystem, where);
    // What no power failure takes: the deletion, what was made before and behind it, the checkpoint.
    const promised = [deletion + 2, deletion + 1, 4, 1, 0].find((step) => step <= done)!;
    const possible = whole.states.slice(promised, done + 2);
    assert.ok(possible.includes(state), `${where}: ${state}, none of ${possible.join("; ")}`);
    assert.deepEqual(damaged, [], where);
    await all.close();
  }
});

test("left to the system: what a start answers stands when the power fails, whatever the kill left", async () => {
  const disk = new MemoryDisk();
  const first = await open(disk, leftToSystem);
  await first.create(orders, config);
  await first.clean(1); // without any checkpoint a start writes one
  for (const step of puts("a", 3)) await step(first);
  const state = await stateOf(first);
  const killed = disk.crash({ kind: "kill" });
  await (await open(killed, leftToSystem)).create({ ...orders, partition: 1 }, config);
  const [found, all] = await shownBy(killed.crash({ kind: "power" }), leftToSystem, "after the power failure");
  assert.ok(all.get("orders", 1), "the partition that was made is gone");
  assert.equal(found, state);
  await all.close();
});

test("left to the system: a start gives no folder up for a deletion that the power may still take back", async () => {
  const disk = new MemoryDisk();
  let isHeld = false;
  const opened = disk.open.bind(disk);
  disk.open = async (path, mode) => {
    const file = await opened(path, mode);
    return { ...file, sync: () => (isHeld ? new Promise(() => undefined) : file.sync()) };
  };
  const first = await open(disk, leftToSystem);
  for (const step of madeAgain.slice(0, deletion)) await step(first);
  const state = await stateOf(first);
  isHeld = true;
  first.delete("orders", 0).catch(() => undefined); // written, and killed before its sync
  const { bytesWritten } = disk;
  while (disk.bytesWritten === bytesWritten) await nextTurn();
  const killed = disk.crash({ kind: "kill" });
  const [deleted] = await shownBy(killed, leftToSystem, "behind the kill");
  assert.equal(deleted, undefined);
  const [found, all] = await shownBy(killed.crash({ kind: "power" }), leftToSystem, "after the power failure");
  assert.ok(found === undefined || found === state, `${found}, not ${state}`);
  assert.deepEqual(damaged, []);
  await all.close();
});

test("what is left of a deleted partition is no hindrance to another one of its number", async () => {
  const disk = new MemoryDisk();
  await disk.makeFolder("data");
  await disk.makeFolder("data/0-delete");
  const file = await disk.open("data/0-delete/00000000000000000000.log", "new");
  await file.write(0, [new Uint8Array(100)]);
  await file.close();
  const all = await open(disk, options);
  await all.create(orders, config);
  for (const step of puts("a", 3)) await step(all);
  const state = await stateOf(all);
  assert.ok(state?.startsWith("first a-0"));
  const next = await open(disk.crash({ kind: "kill" }), options);
  assert.equal(await stateOf(next), state);
  await next.delete("orders", 0);
  await next.create({ ...orders, topicId: "second" }, config);
  await next.close();
});
