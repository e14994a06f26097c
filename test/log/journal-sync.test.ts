/** What a sync of the journal covers, where writes do not wait for the disk; and what one that failed answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import { Journal } from "../../src/log/file/journal.ts";
import { Slabs } from "../../src/log/file/slabs.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";

/** Its writes end when they are let, and it counts those that no sync has covered. */
class SlowDisk extends MemoryDisk {
  readonly ends: (() => void)[] = [];
  uncovered = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (mode === "read-write") return file; // it is being made
    return {
      ...file,
      size: () => file.size(),
      write: async (position, pieces) => {
        await new Promise<void>((end) => this.ends.push(end));
        await file.write(position, pieces);
        this.uncovered++;
      },
      sync: async () => {
        this.uncovered = 0;
      },
    };
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}

test("a sync that comes beside a write does not count for it", async () => {
  const disk = new SlowDisk();
  await disk.makeFolder("data");
  const start = { nextSequence: 1, nextEntry: 1, slots: new Map<number, number>() };
  const options = { disk, folder: "data", platform: nodePlatform, slabs: new Slabs(1 << 20), fileBytes: 1 << 20 };
  const fail = (error: Error) => assert.fail(error);
  const journal = new Journal({ ...options, isSynced: false, room: () => undefined, onFailure: fail }, start);
  const large = 100_000; // written by a thread
  const first = journal.append("append", 1, large);
  first.bytes.fill(0, first.at, first.at + large);
  await turns();
  const early = journal.sync();
  await turns();
  journal.append("append", 1, large);
  await turns();
  disk.ends.shift()!(); // the first write; its sync runs beside the second
  await early;
  const late = journal.sync();
  await turns();
  disk.ends.shift()!();
  await late;
  assert.equal(disk.uncovered, 0);
});

test("who appends to a journal that has failed, or was closed, hears of it", async () => {
  const start = { nextSequence: 1, nextEntry: 1, slots: new Map<number, number>() };
  for (const how of ["failed", "closed"]) {
    const disk = new MemoryDisk();
    await disk.makeFolder("data");
    const options = { disk, folder: "data", platform: nodePlatform, slabs: new Slabs(1 << 20), fileBytes: 1 << 20 };
    const room = () => {
      if (how === "failed") throw new Error("the disk failed");
      return undefined;
    };
    const journal = new Journal({ ...options, isSynced: true, room, onFailure: () => undefined }, start);
    journal.append("append", 1, 100);
    await journal.written().catch(() => undefined);
    if (how === "closed") await journal.close();
    journal.append("append", 1, 100);
    await assert.rejects(journal.written(), new RegExp(how));
  }
});

test("a file that is being opened is not removed as one too many", async () => {
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  class GatedDisk extends MemoryDisk {
    override async open(path: string, mode: OpenMode): Promise<DiskFile> {
      const file = await super.open(path, mode);
      if (mode === "sync") await gate;
      return file;
    }
  }
  const disk = new GatedDisk();
  await disk.makeFolder("data");
  const slots = new Map([1, 2, 3, 4, 5, 6, 7, 8].map((number) => [number, number]));
  const start = { nextSequence: 9, nextEntry: 1, slots: slots.set(9, -1) };
  const options = { disk, folder: "data", platform: nodePlatform, slabs: new Slabs(1 << 20), fileBytes: 1 << 20 };
  const fail = (error: Error) => assert.fail(error);
  const journal = new Journal({ ...options, isSynced: true, room: () => undefined, onFailure: fail }, start);
  journal.append("append", 1, 100);
  await turns();
  await journal.release(9); // the eight in front are free, and no more than so many are kept
  openGate();
  await journal.written();
  assert.ok(disk.paths().includes("data/9.journal"));
});
