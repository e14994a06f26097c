/** One write of the journal makes durable what came for it, in whichever partitions: a sync costs the same for all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import type { PartitionLog } from "../../src/log/log.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted, now, orders } from "./conformance.ts";

const partitions = 200;

/** It counts what is written to the journal, each write a sync, and waits before each one for its gate. */
class CountingDisk extends MemoryDisk {
  gate: Promise<void> = Promise.resolve();
  writes = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (mode !== "sync") return file;
    return {
      ...file,
      write: async (position, pieces) => {
        this.writes++;
        await this.gate;
        await file.write(position, pieces);
      },
      writeNow: () => assert.fail("the event loop waits for a sync"),
      sync: () => assert.fail("a file is synced whose writes are"),
    };
  }

  override gathered(): Promise<void> {
    return nextTurn(); // as on real disks
  }
}

async function manyPartitions(): Promise<{ disk: CountingDisk; logs: PartitionLog[] }> {
  const disk = new CountingDisk();
  const all = await openFileLog({ disk, platform, folder: "data" });
  const made = Array.from({ length: partitions }, (_, partition) =>
    all.create({ ...orders, partition, topicId: `id-${partition}` }, defaultLogConfig),
  );
  const logs = await Promise.all(made);
  disk.writes = 0;
  return { disk, logs };
}

const append = (log: PartitionLog) => accepted(log.append(sampleBatch(), now)).durable;

async function survivesPower(disk: MemoryDisk): Promise<void> {
  const all = await openFileLog({ disk: disk.crash({ kind: "power" }), platform, folder: "data" });
  const ends = Array.from(all.partitions(), (at) => all.get(at.topic, at.partition)!.logEndOffset);
  assert.deepEqual(ends, Array(partitions).fill(1));
  await all.close();
}

test("appends to many partitions in one turn of the event loop are durable by one write", async () => {
  const { disk, logs } = await manyPartitions();
  await Promise.all(logs.map(append));
  assert.equal(disk.writes, 1);
  await survivesPower(disk);
});

test("… also when each comes from an event of its own that the loop has at hand", async () => {
  const { disk, logs } = await manyPartitions();
  await Promise.all(logs.map((log) => nextTurn().then(() => append(log))));
  assert.equal(disk.writes, 1);
  await survivesPower(disk);
});

test("appends that come while a write is under way share the next one, over many turns", async () => {
  const { disk, logs } = await manyPartitions();
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  disk.gate = gate;
  let answered = 0;
  const sent: Promise<unknown>[] = [];
  for (const log of logs) {
    sent.push(append(log).then(() => answered++));
    await nextTurn();
    await nextTurn();
  }
  assert.deepEqual([disk.writes, answered], [1, 0]);
  openGate();
  await Promise.all(sent);
  assert.equal(disk.writes, 2);
  await survivesPower(disk);
});
