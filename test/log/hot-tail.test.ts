/** What was appended last is read from memory, whatever else is read from segment files meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted, orders, readAll } from "./conformance.ts";

/** Counts reads of segments. */
class CountingDisk extends MemoryDisk {
  reads = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".log")) return file;
    const read = file.read.bind(file);
    file.read = (position, into) => {
      this.reads++;
      return read(position, into);
    };
    return file;
  }
}

test("cold reads do not push out the tail", async () => {
  const disk = new CountingDisk();
  const all = await openFileLog({ disk, platform, folder: "data", wallMs: 1, hotTailBytes: 2 ** 20 });
  const log = await all.create(orders, defaultLogConfig);
  const count = 200;
  for (let at = 0; at < count; at++) {
    const batch = sampleBatch({ values: [`${at}-${"x".repeat(100_000)}`] });
    await accepted(log.append(batch, { leaderEpoch: 0, wallMs: 1 })).durable;
  }
  const readTail = () => readAll(log, count - 5);
  await readTail();
  assert.equal(disk.reads, 0, "the tail is in memory");
  for (let round = 0; round < 2; round++) {
    for (let offset = 0; offset < count / 2; ) offset = (await readAll(log, offset, 1 << 20)).nextOffset;
  }
  const coldReads = disk.reads;
  assert.ok(coldReads > 10, `${coldReads} reads of what is not`);
  await readTail();
  assert.equal(disk.reads, coldReads, "the tail is there still");
  await all.close();
});
