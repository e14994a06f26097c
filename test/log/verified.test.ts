/** What is read again soon needs no second checksum (decision 14): what that means, and where it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { Disk } from "../../src/log/disk.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { VerifiedRanges } from "../../src/log/file/verified-ranges.ts";
import type { Log, PartitionLog, ReadBound } from "../../src/log/log.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { batches } from "../../src/protocol/records/batch.ts";
import { platform } from "./batches.ts";
import { orders, put, readAll, valuesOf } from "./conformance.ts";
import { FaultyDisk } from "./faults/faulty-disk.ts";

const config = { ...defaultLogConfig, segmentBytes: 1 << 20, indexIntervalBytes: 100, fileDeleteDelayMs: 0 };
const path = "data/orders-0/00000000000000000000.log";
const open = (disk: Disk): Promise<Log> =>
  openFileLog({ disk, platform, folder: "data", journalFileBytes: 2000, hotTailBytes: 0 });

/** A partition of ten records in a segment that no process has read, opened. */
async function opened(): Promise<{ disk: MemoryDisk; all: Log; log: PartitionLog }> {
  const disk = new MemoryDisk();
  const before = await open(disk);
  const log = await before.create(orders, config);
  for (let index = 0; index < 10; index++) await put(log, { values: [`v${index}`] });
  await before.close();
  const all = await open(disk);
  return { disk, all, log: all.get("orders", 0)! };
}

/** Changes the last byte of the value of a record. */
async function damageValue(disk: MemoryDisk, value: string): Promise<void> {
  disk.damage(path, Buffer.from((await disk.readFile(path))!).indexOf(value) + value.length - 1, 1);
}

const readTo = async (log: PartitionLog, upTo: ReadBound) => {
  return valuesOf((await log.read(0, { maxBytes: 1 << 20, atLeastOne: true, upTo }))!);
};

test("a byte that changes after it was checked is found by a read behind the next round of cleaning", async () => {
  const { disk, all, log } = await opened();
  await readAll(log);
  await damageValue(disk, "v4");
  assert.equal(valuesOf(await readAll(log))[4], "v5", "as Kafka would: the consumer has the checksum, and compares it");
  await all.clean(10);
  await assert.rejects(readAll(log), { name: "LogError", kind: "corrupt", message: /the checksum does not fit/ });
  await all.close();
});

test("… or by a restart", async () => {
  const { disk, all, log } = await opened();
  await readAll(log);
  await damageValue(disk, "v4");
  await all.close();
  const again = await open(disk);
  await assert.rejects(readAll(again.get("orders", 0)!), { kind: "corrupt" });
  await again.close();
});

test("a coordinator that replays checks all, also what consumers have read before", async () => {
  const { disk, all, log } = await opened();
  assert.equal((await readTo(log, "high-watermark")).length, 10);
  assert.equal((await readTo(log, "log-end")).length, 10);
  await damageValue(disk, "v4");
  await assert.rejects(readTo(log, "log-end"), { kind: "corrupt" });
  await all.close();
});

test("what was not read yet is checked, on both sides of what was", async () => {
  for (const value of ["v1", "v8"]) {
    const { disk, all, log } = await opened();
    assert.deepEqual(valuesOf(await readAll(log, 5, 1)), ["v5"]);
    await damageValue(disk, value);
    await assert.rejects(readAll(log), { kind: "corrupt" }, value);
    await all.close();
  }
});

test("offset, epoch, format and length of what was checked are looked at in every read", async () => {
  for (const at of [7, 11, 15, 16]) {
    const { disk, all, log } = await opened();
    await readAll(log);
    disk.damage(path, at, 64);
    await assert.rejects(readAll(log), { kind: "corrupt" }, `byte ${at}`);
    await all.close();
  }
});

test("… also where a reader goes on, and does not read the batch in front again", async () => {
  for (const bit of [1, 2]) {
    for (let offset = 1; offset < 10; offset++) {
      const { disk, all, log } = await opened();
      assert.deepEqual(valuesOf(await readAll(log, offset - 1, 1)), [`v${offset - 1}`]);
      const bytes = Buffer.from((await disk.readFile(path))!);
      const batch = Array.from(batches(bytes))[offset]!;
      disk.damage(path, batch.at + 7, bit);
      await assert.rejects(readAll(log, offset, 1), { kind: "corrupt" }, `offset ${offset} became ${offset ^ bit}`);
      await all.close();
    }
  }
});

test("after a read that failed nothing of its segment counts as checked", async () => {
  const { disk, all } = await opened();
  await all.close();
  let fails = false;
  const faulty = new FaultyDisk(disk, (kind) => (fails && kind === "read" ? { code: "EIO" } : undefined));
  const again = await open(faulty);
  const log = again.get("orders", 0)!;
  await readAll(log);
  await damageValue(disk, "v4");
  fails = true;
  await assert.rejects(readAll(log), { kind: "failed" });
  fails = false;
  await assert.rejects(readAll(log), { kind: "corrupt" });
  await again.close();
});

test("what a truncation leaves of a segment is checked anew", async () => {
  const { disk, all, log } = await opened();
  await readAll(log);
  await log.truncate(6);
  await damageValue(disk, "v4");
  await assert.rejects(readAll(log), { kind: "corrupt" });
  await all.close();
});

test("property: verified ranges say of a byte that it is verified only if it was, and lose none of few", () => {
  const stretch = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 40 }), (stretches) => {
      const ranges = new VerifiedRanges();
      const verified = new Set<number>();
      for (const [from, length] of stretches) {
        ranges.add(from, from + length);
        for (let at = from; at < from + length; at++) verified.add(at);
        for (let at = 0; at < 80; at++) {
          let end = at;
          while (verified.has(end)) end++;
          assert.equal(ranges.endFrom(at), end, `from ${at}`);
        }
      }
    }),
  );
});

test("of very many ranges the shortest is forgotten", () => {
  const ranges = new VerifiedRanges();
  for (let index = 0; index < 17; index++) ranges.add(index * 100, index * 100 + (index === 5 ? 10 : 50));
  assert.equal(ranges.endFrom(500), 500);
  for (const index of [0, 4, 6, 16]) assert.equal(ranges.endFrom(index * 100), index * 100 + 50);
});
