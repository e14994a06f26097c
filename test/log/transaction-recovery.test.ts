/** Transactions and the file engine's restarts: from where they come back, and what a death at any byte leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { Disk } from "../../src/log/disk.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { accepted, orders } from "./conformance.ts";
import { equalsHistory } from "./transaction-conformance.ts";
import { TransactionModel } from "./transaction-model.ts";
import { open } from "./workload.ts";

const config = { ...defaultLogConfig, segmentBytes: 700, indexIntervalBytes: 150, fileDeleteDelayMs: 0 };

/** Three producers write, commit and abort in turn; after some of it there is a checkpoint. */
async function workload(disk: Disk, model: TransactionModel, acknowledged: (end: number) => void) {
  const all = await open(disk);
  const log = await all.create(orders, config);
  const durable = async (result: Parameters<typeof accepted>[0]) => {
    const { lastOffset, durable } = accepted(result);
    await durable;
    acknowledged(lastOffset + 1);
  };
  for (let round = 0; round < 36; round++) {
    const producerId = 1 + (round % 3);
    if (round % 4 === 3)
      await durable(model.end(log, producerId, round % 8 === 3 ? "ABORT" : "COMMIT", 1 + (round % 2)));
    else await durable(model.send(log, producerId, true, ["k", "l"]));
    if (round % 11 === 10) await all.clean(10);
  }
  return { all, log };
}

test("a start takes transactions from checkpoint and journal, and reads no segment", async () => {
  const disk = new MemoryDisk();
  const model = new TransactionModel();
  await workload(disk, model, () => undefined);
  assert.ok(model.aborted.length > 1 && model.lastStableOffset < model.entries.length);
  const left = disk.crash({ kind: "kill" });
  const read: string[] = [];
  const openFile = left.open.bind(left);
  left.open = async (path, mode) => {
    const file = await openFile(path, mode);
    const readFile = file.read.bind(file);
    file.read = (position, into) => {
      if (path.endsWith(".log")) read.push(path);
      return readFile(position, into);
    };
    return file;
  };
  const all = await open(left);
  const log = all.get("orders", 0)!;
  assert.deepEqual(read, []);
  assert.equal(log.lastStableOffset, model.lastStableOffset);
  await equalsHistory(log, model, false);
  assert.notDeepEqual(read, [], "what is read later is seen");
  await all.close();
});

test("killed at any byte, a partition's transactions are those of the records that are left", async () => {
  const whole = new MemoryDisk();
  await workload(whole, new TransactionModel(), () => undefined);
  for (let bytes = 300; bytes <= whole.bytesWritten; bytes += 151) {
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const model = new TransactionModel();
    let acknowledged = 0;
    await workload(disk, model, (end) => (acknowledged = end)).catch(() => undefined); // it dies somewhere
    const all = await open(disk.crash({ kind: bytes % 2 === 0 ? "power" : "kill" }));
    const log = all.get("orders", 0);
    assert.ok(log || acknowledged === 0, `after ${bytes} bytes: the partition is gone`);
    if (log) {
      assert.ok(log.logEndOffset >= acknowledged, `after ${bytes} bytes: ${log.logEndOffset} of ${acknowledged}`);
      model.entries.length = log.logEndOffset;
      await equalsHistory(log, model, false);
    }
    await all.close();
  }
});
