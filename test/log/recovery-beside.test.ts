/** A start writes segments while it reads the journal on: what it reads meanwhile does not get in between. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
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

/** The disk as the next process finds it; to open a segment takes it some turns more than to read the journal. */
function slowAfterKill(disk: MemoryDisk, turns: number): MemoryDisk {
  const next = disk.crash({ kind: "kill" });
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

type Step = (all: Log) => Promise<unknown>;

/**
 * Kills all along what the steps write, and at each byte of one of them. What a start shows is what the last step
 * leaves, or the next one, for good.
 */
async function killsAllAlong(steps: readonly Step[], closely: number): Promise<void> {
  const whole = new MemoryDisk();
  const ends: number[] = [];
  const all = await open(whole, options);
  const states = [await stateOf(all)];
  for (const step of steps) {
    await step(all);
    states.push(await stateOf(all));
    ends.push(whole.bytesWritten);
  }
  const isClose = (bytes: number) => bytes >= ends[closely - 1]! && bytes <= ends[closely]! + 1;
  for (let bytes = 1; bytes <= whole.bytesWritten + 1; bytes += isClose(bytes) ? 1 : 41) {
    const where = `after ${bytes} bytes`;
    let disk = new MemoryDisk({ diesAfterBytes: bytes });
    let done = 0;
    const life = await open(disk, options).catch(() => undefined);
    for (const step of life ? steps : []) {
      const isThrough = await step(life!).then(
        () => true,
        () => false,
      );
      if (!isThrough) break;
      done++;
    }
    const shown = new Set<string | undefined>();
    for (const turns of [bytes % 3, bytes % 11, 0]) {
      disk = slowAfterKill(disk, turns);
      const next = await open(disk, options).catch((error: Error) => assert.fail(`${where}: ${error.stack}`));
      shown.add(await stateOf(next));
      if (turns === 0) await next.close();
    }
    assert.equal(shown.size, 1, `${where}: ${[...shown].join("; ")}`);
    const [state] = shown;
    assert.ok([states[done], states[done + 1]].includes(state), `${where}: ${state}, not ${states[done]}`);
    assert.deepEqual(damaged, [], where);
  }
}

const puts = (name: string, count: number): Step[] =>
  Array.from({ length: count }, (_, index) => (all) => {
    return put(all.get("orders", 0)!, { values: [`${name}-${index}`.padEnd(50, "x")] });
  });

test("a partition that was deleted, and one made again under its name", () =>
  killsAllAlong(
    [
      (all) => all.create(orders, config),
      ...puts("a", 2),
      (all) => all.clean(1), // a checkpoint knows of its file
      ...puts("b", 5),
      (all) => all.delete("orders", 0),
      (all) => all.create({ ...orders, topicId: "second" }, config),
      ...puts("c", 5),
    ],
    9,
  ));

test("a partition whose end was cut", () =>
  killsAllAlong(
    [
      (all) => all.create(orders, config),
      ...puts("a", 2),
      (all) => all.clean(1),
      ...puts("b", 5),
      (all) => all.get("orders", 0)!.truncate(4),
      ...puts("c", 5),
    ],
    9,
  ));
