/** What happens when appends come faster than segments are written and checkpoints are made. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import type { FileLogOptions } from "../../src/log/file/file-log.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, recordsOf, sampleBatch } from "./batches.ts";
import { accepted, orders, readAll } from "./conformance.ts";

const append = { leaderEpoch: 0, wallMs: 1 };
const open = (disk: MemoryDisk, options: Partial<FileLogOptions>) =>
  openFileLog({ disk, platform, folder: "data", wallMs: 1, ...options });

/** Writes to some files wait at a gate, and then take what stands in memory. */
class GatedDisk extends MemoryDisk {
  readonly #gated: string;
  gate: Promise<void> = Promise.resolve();
  checkpoints = 0;

  constructor(gated = ".log") {
    super();
    this.#gated = gated;
  }

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(this.#gated)) return file;
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

for (const flushIntervalMessages of [1, 1000]) {
  test(`memory that the journal still has to write is not used again, flush ${flushIntervalMessages}`, async () => {
    const disk = new GatedDisk(".journal");
    const all = await open(disk, { hotTailBytes: 0, flushIntervalMessages });
    const log = await all.create(orders, defaultLogConfig);
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    disk.gate = gate;
    const sent: Promise<void>[] = [];
    const valueAt = (index: number) => String.fromCharCode(97 + index).repeat(600_000);
    for (let index = 0; index < 25; index++) {
      const batch = sampleBatch({ values: [valueAt(index)] });
      sent.push(accepted(log.append(batch, append)).durable);
      for (let turn = 0; turn < 3; turn++) await nextTurn(); // segments are written meanwhile
    }
    openGate();
    await Promise.all(sent);
    const again = await open(disk.crash({ kind: "kill" }), { flushIntervalMessages });
    const found = again.get("orders", 0)!;
    for (let index = 0; index < 25; index++) {
      const [record] = recordsOf((await readAll(found, index, 1)).chunks);
      assert.ok(record?.value === valueAt(index), `the record at ${index} is another one`);
    }
    await again.close();
  });
}

test("segments that keep pace are written between the journal's groups", async () => {
  const disk = new GatedDisk(".journal");
  const all = await open(disk, {});
  const log = await all.create(orders, { ...defaultLogConfig, maxMessageBytes: 8 << 20 });
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  disk.gate = gate;
  const values = ["x".repeat(5 << 20)]; // more than is gathered, less than a backlog
  const { durable } = accepted(log.append(sampleBatch({ values }), append));
  const segment = () => disk.readFile("data/orders-0/00000000000000000000.log");
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(await segment(), undefined, "a segment was written while the journal was");
  openGate();
  await durable;
  for (let turn = 0; turn < 1000 && (await segment()) === undefined; turn++) await nextTurn();
  assert.notEqual(await segment(), undefined, "no segment was written");
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
