/** The last write of the journal gets only in part to the disk: it is cut and told of, and what was before it stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../../src/log/config.ts";
import { openFileLog } from "../../../src/log/file/recovery.ts";
import type { Log } from "../../../src/log/log.ts";
import { type Crash, MemoryDisk } from "../../../src/log/memory-disk.ts";
import { platform } from "../batches.ts";
import { orders, put, readAll, valuesOf } from "../conformance.ts";

const sectorBytes = 512;

/** What a crash leaves of a write that was acknowledged. */
interface Way {
  readonly flushIntervalMessages: number;
  readonly crash: Crash;
}

const synced: Way = { flushIntervalMessages: 1, crash: { kind: "power" } };
const leftToSystem: Way = { flushIntervalMessages: 1000, crash: { kind: "kill" } };

const open = (disk: MemoryDisk, { flushIntervalMessages }: Way, cuts: string[]): Promise<Log> =>
  openFileLog({
    disk,
    platform,
    folder: "data",
    journalFileBytes: 6000,
    flushIntervalMessages,
    onCut: (what) => cuts.push(what),
  });

interface Torn {
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Where the two differ. */
  readonly from: number;
  readonly to: number;
}

/** @param rounds of checkpoints before: with some, the journal's file held other blocks once. */
async function lastWrite(rounds: number, way: Way): Promise<{ disk: MemoryDisk; values: string[]; torn: Torn }> {
  const disk = new MemoryDisk();
  const all = await open(disk, way, []);
  const log = await all.create(orders, defaultLogConfig);
  const values: string[] = [];
  const append = async (bytes: number) => {
    values.push(`${values.length}-${"x".repeat(bytes)}`);
    await put(log, { values: [values.at(-1)!] });
  };
  for (let round = 0; round < rounds; round++) {
    for (let count = 0; count < 9; count++) await append(500 + 37 * count);
    await all.clean(1);
  }
  for (let count = 0; count < 3; count++) await append(100);
  const earlier = disk.after(way.crash);
  await append(1300);
  const now = disk.after(way.crash);
  for (const path of now.paths()) {
    const [before, after] = [(await earlier.readFile(path))!, (await now.readFile(path))!];
    const from = after.findIndex((byte, at) => byte !== before[at]);
    const to = after.findLastIndex((byte, at) => byte !== before[at]) + 1;
    if (from >= 0) return { disk: earlier, values, torn: { path, before, after, from, to } };
  }
  throw new Error("nothing was written");
}

async function recovers(disk: MemoryDisk, values: readonly string[], way: Way, cuts: string[]): Promise<number> {
  const kept = [...values];
  const first = await open(disk, way, cuts);
  const log = first.get("orders", 0)!;
  const end = log.logEndOffset;
  assert.ok(end >= values.length - 1, `the log ends at ${end} of ${values.length}`);
  kept.length = end;
  await put(log, { values: ["later"] });
  const again = await open(disk.crash(way.crash), way, []);
  const found: (string | null)[] = [];
  const log2 = again.get("orders", 0)!;
  while (found.length < log2.logEndOffset) found.push(...valuesOf(await readAll(log2, found.length)));
  assert.deepEqual(found, [...kept, "later"]);
  await again.close();
  return end;
}

for (const [name, rounds, way] of [
  ["a new file", 0, synced],
  ["a file that is used again", 8, synced],
  ["a new file, left to the system", 0, leftToSystem],
  ["a file that is used again, left to the system", 8, leftToSystem],
] as const) {
  test(`the last write into ${name} is torn at every byte`, async () => {
    const { disk, values, torn } = await lastWrite(rounds, way);
    const { path, before, after, from, to } = torn;
    assert.ok(to - from > 2 * sectorBytes);
    let told = 0;
    for (let cut = from; cut <= to; cut++) {
      const copy = disk.after(way.crash);
      const file = await copy.open(path, "sync");
      await file.write(0, [after.subarray(0, cut), before.subarray(cut)]);
      const cuts: string[] = [];
      const end = await recovers(copy, values, way, cuts);
      assert.equal(end, cut === to ? values.length : values.length - 1, `torn at ${cut}`);
      if (cuts.length > 0) told++;
      for (const cut of cuts) assert.match(cut, /^data\/\d+\.journal: entry \d+ at byte \d+ is not whole/);
      if (cut === to) assert.deepEqual(cuts, []);
    }
    assert.ok(told > (to - from) / 2, `${told} of ${to - from} were told`);
  });

  test(`any of the sectors of the last write into ${name} may be missing`, async () => {
    const { disk, values, torn } = await lastWrite(rounds, way);
    const { path, before, after, from, to } = torn;
    const firstSector = Math.floor(from / sectorBytes);
    const sectors = Math.ceil(to / sectorBytes) - firstSector;
    for (let arrived = 0; arrived < 2 ** sectors; arrived++) {
      const copy = disk.after(way.crash);
      const file = await copy.open(path, "sync");
      await file.write(0, [before]);
      for (let sector = 0; sector < sectors; sector++) {
        const at = (firstSector + sector) * sectorBytes;
        if ((arrived >> sector) % 2 === 1) await file.write(at, [after.subarray(at, at + sectorBytes)]);
      }
      const end = await recovers(copy, values, way, []);
      const isWhole = arrived === 2 ** sectors - 1;
      assert.equal(end, isWhole ? values.length : values.length - 1, `sectors ${arrived.toString(2)} arrived`);
    }
  });
}
