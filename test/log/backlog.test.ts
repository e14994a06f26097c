/** What happens when appends come faster than segments are written and checkpoints are made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile } from "../../src/log/disk.ts";
import type { FileLogOptions } from "../../src/log/file/file-log.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted, orders } from "./conformance.ts";

const append = { leaderEpoch: 0, wallMs: 1 };
const open = (disk: MemoryDisk, options: Partial<FileLogOptions>) =>
  openFileLog({ disk, platform, folder: "data", wallMs: 1, ...options });

/** Writes to segments wait at a gate; the journal's do not. */
class GatedDisk extends MemoryDisk {
  gate: Promise<void> = Promise.resolve();
  checkpoints = 0;

  override async open(path: string, mode: "read-write" | "existing" | "sync"): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".log")) return file;
    const write = file.write.bind(file);
    file.write = async (position, pieces) => {
      await this.gate;
      await write(position, pieces);
    };
    return file;
  }

  override async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    if (path.endsWith("/checkpoint")) this.checkpoints++;
    await super.replaceFile(path, bytes);
  }
}

test("where segments fall back behind the journal, acknowledgements wait for them and nothing is refused", async () => {
  const disk = new GatedDisk();
  const all = await open(disk, { maxPendingBytes: 1 << 20 });
  const log = await all.create(orders, { ...defaultLogConfig, maxMessageBytes: 1 << 20 });
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  disk.gate = gate;
  const batchBytes = 250 * 1024; // four to a slab of 1 MB
  let acknowledged = 0;
  let waiting: Promise<void> | undefined;
  for (let sent = 0; waiting === undefined && sent < 100; sent++) {
    const { durable } = accepted(log.append(sampleBatch({ values: ["x".repeat(batchBytes)] }), append));
    durable.then(() => acknowledged++);
    await nextTurn(); // the disk is memory: whatever can go on has gone on
    if (acknowledged === sent) waiting = durable;
  }
  assert.ok(waiting, "100 appends of 250 KB were acknowledged while no segment could be written");
  assert.ok(acknowledged >= 24 && acknowledged <= 28, `${acknowledged} of 250 KB: the limit is 4 MB + 2 × 1 MB`);
  openGate();
  await waiting;
  assert.equal(log.highWatermark, acknowledged);
  await all.close();
});

test("many appends in one turn of the event loop bring one checkpoint", async () => {
  const disk = new GatedDisk();
  const all = await open(disk, { checkpointBytes: 2000 });
  const log = await all.create(orders, defaultLogConfig);
  const before = disk.checkpoints;
  const values = ["x".repeat(100)];
  await Promise.all(Array.from({ length: 100 }, () => accepted(log.append(sampleBatch({ values }), append)).durable));
  await nextTurn();
  assert.equal(disk.checkpoints - before, 1);
  await all.close();
});
