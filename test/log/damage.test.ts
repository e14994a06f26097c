/** What the file engine does about bytes that are not those it wrote, and about a crash within the rarer changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import type { Log, LogConfig, PartitionLog } from "../../src/log/log.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { batches, readRecords } from "../../src/protocol/records/batch.ts";
import { platform, sampleBatch, text } from "./batches.ts";
import { accepted, orders, put, readAll, valuesOf } from "./conformance.ts";

const config = { ...defaultLogConfig, segmentBytes: 400, indexIntervalBytes: 100, fileDeleteDelayMs: 0 };
const open = (disk: MemoryDisk, more = {}): Promise<Log> =>
  openFileLog({ disk, platform, folder: "data", journalFileBytes: 2000, hotTailBytes: 0, ...more });

/** A disk with one partition of 20 records, all of them in segments under a checkpoint. */
async function filled(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const all = await open(disk);
  const log = await all.create(orders, config);
  await all.create({ ...orders, partition: 1 }, config);
  for (let index = 0; index < 20; index++) await put(log, { values: [`v${index}`], timestamp: 1000 + index });
  await all.close();
  return disk;
}

const leftToSystem = { flushIntervalMessages: 1000 };

const segment = (base: number) => `data/orders-0/${String(base).padStart(20, "0")}.log`;

test("a damaged batch below the checkpoint is reported, and its partition serves no more while others do", async () => {
  const disk = await filled();
  disk.damage(segment(5), 205);
  const told: string[] = [];
  const all = await open(disk, {
    onDamage: (at: { partition: number }, error: Error) => told.push(`${at.partition}: ${error.message}`),
  });
  const log = all.get("orders", 0)!;
  assert.deepEqual(valuesOf(await readAll(log, 0, 1)), ["v0"]);
  await assert.rejects(readAll(log, 7), { name: "LogError", kind: "corrupt" });
  assert.match(told.join(), /^0: .*00000000000000000005\.log, byte \d+: the checksum does not fit/);
  assert.deepEqual(log.append(sampleBatch(), { leaderEpoch: 0, wallMs: 1 }), { ok: false, refusal: "corrupt" });
  await put(all.get("orders", 1)!, {});
  await all.close();

  const again = await open(disk); // it is not forgotten
  await assert.rejects(readAll(again.get("orders", 0)!, 0), { kind: "corrupt" });
  await again.delete("orders", 0); // the way out
  await put(await again.create({ ...orders, topicId: "another" }, config), {});
  await again.close();
});

test("a segment that is shorter than the checkpoint says, or missing, is damage", async () => {
  for (const lose of [
    async (disk: MemoryDisk) => (await disk.open(segment(5), "existing")).truncate(100),
    (disk: MemoryDisk) => disk.remove(segment(5)),
  ]) {
    const disk = await filled();
    await lose(disk);
    const all = await open(disk);
    await assert.rejects(readAll(all.get("orders", 0)!, 7), { name: "LogError", kind: "corrupt" });
    await all.close();
  }
});

test("a damaged checkpoint is refused at the start", async () => {
  const disk = await filled();
  disk.damage("data/checkpoint", 300);
  await assert.rejects(open(disk), { name: "LogError", kind: "corrupt", message: /checksum does not fit/ });
  disk.damage("data/checkpoint", 300);
  await (await open(disk)).close(); // and the lock was given back
});

test("a data folder of a format that this version does not read is refused", async () => {
  const disk = await filled();
  const bytes = (await disk.readFile("data/checkpoint"))!;
  const body = text(bytes)!
    .replace('"format":2', '"format":1')
    .replace(/crc32c .*\n$/, "");
  const sum = platform.crc32c(new TextEncoder().encode(body), 0, body.length).toString(16).padStart(8, "0");
  await disk.replaceFile("data/checkpoint", new TextEncoder().encode(`${body}crc32c ${sum}\n`));
  await assert.rejects(open(disk), { name: "LogError", kind: "corrupt", message: /of format 1, this version reads 2/ });
});

test("a journal that is damaged where it was durable is refused, one that is torn at its end is cut", async () => {
  const written = async () => {
    const disk = new MemoryDisk();
    const all = await open(disk, { journalFileBytes: 1 << 16 });
    const log = await all.create(orders, config);
    for (let index = 0; index < 5; index++) await put(log, { values: [`v${index}`] });
    return disk.crash({ kind: "power" });
  };
  const journal = (await (await written()).readFile("data/0.journal"))!;
  const blocks = [...Array(journal.length - 4).keys()].filter((at) => text(journal.subarray(at, at + 4)) === "RGJ1");
  assert.equal(blocks.length, 6);
  const inside = await written();
  inside.damage("data/0.journal", blocks[3]! + 50);
  await assert.rejects(open(inside), { name: "LogError", kind: "corrupt", message: /entry 4 is damaged/ });
  const atEnd = await written();
  atEnd.damage("data/0.journal", blocks[5]! + 50);
  const all = await open(atEnd);
  assert.deepEqual(valuesOf(await readAll(all.get("orders", 0)!)), ["v0", "v1", "v2", "v3"]);
  await all.close();
});

test("an append larger than a journal file and a slab is kept", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk);
  const log = await all.create(orders, { ...config, segmentBytes: 1 << 24, maxMessageBytes: 1 << 24 });
  const large = "x".repeat(3_000_000);
  await put(log, { values: ["small"] });
  await put(log, { values: [large] });
  await put(log, { values: ["last"] });
  const again = await open(disk.crash({ kind: "power" }));
  const values = valuesOf(await readAll(again.get("orders", 0)!, 0, 1 << 23));
  assert.deepEqual(
    values.map((value) => value?.length),
    [5, 3_000_000, 4],
  );
  await again.close();
});

test("an empty folder begins with a small journal file, and goes on in whole ones, also after a crash", async () => {
  const disk = new MemoryDisk();
  const open16 = (on: MemoryDisk) => open(on, { journalFileBytes: 16 << 20 });
  const all = await open16(disk);
  const journals = async (on: MemoryDisk) => {
    const paths = on.paths().filter((path) => path.endsWith(".journal"));
    return Promise.all(paths.map(async (path) => ((await on.readFile(path))!.length / 2 ** 20).toFixed(2)));
  };
  const log = await all.create(orders, { ...config, segmentBytes: 1 << 24, maxMessageBytes: 1 << 24 });
  assert.deepEqual(await journals(disk), ["1.00"]);
  for (let index = 0; index < 24; index++) await put(log, { values: [`${index}:${"x".repeat(100_000)}`] });
  assert.deepEqual(await journals(disk), ["1.00", "16.00"]);
  const crashed = disk.crash({ kind: "power" });
  const again = await open16(crashed);
  const found = again.get("orders", 0)!;
  for (let index = 24; index < 40; index++) await put(found, { values: [`${index}:${"x".repeat(100_000)}`] });
  const values = valuesOf(await readAll(found, 0, 1 << 23));
  assert.deepEqual(
    values.map((value) => Number.parseInt(value!, 10)),
    Array.from({ length: 40 }, (_, index) => index),
  );
  await again.close();
});

test("journal files are used again after a checkpoint", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, { checkpointBytes: 3000 });
  const log = await all.create(orders, { ...config, segmentBytes: 1 << 20 });
  for (let index = 0; index < 300; index++) await put(log, { values: [`v${index}`] });
  await all.close();
  const files = disk.paths().filter((path) => path.endsWith(".journal"));
  assert.ok(files.length <= 6, files.join(" "));
});

test("appends beyond what may wait for durability are refused, and taken again later", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, { maxPendingBytes: 200 });
  const log = await all.create(orders, config);
  const options = { leaderEpoch: 0, wallMs: 1 };
  const first = accepted(log.append(sampleBatch({ values: ["x".repeat(80)] }), options));
  assert.deepEqual(log.append(sampleBatch({ values: ["x".repeat(80)] }), options), {
    ok: false,
    refusal: "too-many-in-flight",
  });
  assert.deepEqual(log.admit(150, options), { ok: false, refusal: "too-many-in-flight" });
  await first.durable;
  await put(log, { values: ["x".repeat(80)] });
  assert.equal(log.logEndOffset, 2);
  await all.close();
});

test("producers, epochs and truncation survive a crash", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk);
  const log = await all.create(orders, config);
  log.becomeLeader(3);
  const options = { leaderEpoch: 3, wallMs: 1 };
  for (let sequence = 0; sequence < 12; sequence++) {
    await put(log, { producerId: 7, producerEpoch: 1, baseSequence: sequence, values: [`v${sequence}`] }, options);
    if (sequence === 6) await all.clean(10); // some of it in a checkpoint, some in the journal
  }
  await log.truncate(10);
  await put(log, { values: ["after"] }, options);
  const again = await open(disk.crash({ kind: "power" }));
  const found = again.get("orders", 0)!;
  assert.deepEqual([found.logEndOffset, found.leaderEpoch, found.epochOfOffset(4)], [11, 3, 3]);
  const send = (baseSequence: number) =>
    found.append(sampleBatch({ producerId: 7, producerEpoch: 1, baseSequence }), options);
  const duplicate = accepted(send(8));
  assert.deepEqual([duplicate.duplicate, duplicate.baseOffset], [true, 8]);
  const gap = send(12);
  assert.ok(!gap.ok && gap.refusal === "producer");
  assert.equal(accepted(send(10)).baseOffset, 11);
  await again.close();
});

test("a checkpoint that runs beside appends shows some of what the journal holds behind it", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, { journalFileBytes: 600 });
  const logs = await Promise.all(
    Array.from({ length: 8 }, (_, partition) =>
      all.create({ ...orders, partition, topicId: `id-${partition}` }, config),
    ),
  );
  const counts = logs.map(() => 0);
  const appendToAll = async () => {
    await Promise.all(logs.map((log, index) => put(log, { values: [`v${counts[index]!++}`] })));
  };
  for (let round = 0; round < 6; round++) {
    let cleaned = false;
    const cleaning = all.clean(10).then(() => {
      cleaned = true;
    });
    do await appendToAll();
    while (!cleaned);
    await cleaning;
    await appendToAll();
    const left = disk.after({ kind: "power" });
    for (const from of ["the journal, in memory", "segment files"]) {
      const again = await open(left);
      for (const [index, { topic, partition }] of logs.entries()) {
        const log = again.get(topic, partition)!;
        const values: (string | null)[] = [];
        while (values.length < log.logEndOffset) values.push(...valuesOf(await readAll(log, values.length)));
        const expected = Array.from({ length: counts[index]! }, (_, value) => `v${value}`);
        assert.deepEqual(values, expected, `${topic}-${partition}, from ${from}`);
      }
      await again.close();
    }
  }
  await all.close();
});

test("a log may be reopened with syncs or without, whatever it had before the crash", async () => {
  let disk = new MemoryDisk();
  let expected = 0;
  for (const flushIntervalMessages of [1, 1000, 1, 1000, 1000, 1]) {
    const all = await open(disk, { flushIntervalMessages });
    const log = all.get("orders", 0) ?? (await all.create(orders, config));
    assert.equal(log.logEndOffset, expected);
    for (let count = 0; count < 7; count++) await put(log, { values: [`v${expected++}`] });
    disk = disk.crash({ kind: "kill" });
  }
  const all = await open(disk);
  const log = all.get("orders", 0)!;
  const values: (string | null)[] = [];
  while (values.length < log.logEndOffset) values.push(...valuesOf(await readAll(log, values.length)));
  assert.deepEqual(
    values,
    Array.from({ length: 42 }, (_, value) => `v${value}`),
  );
  await all.close();
});

test("a topic may have the longest name that Kafka allows, and names of the engine's own files", async () => {
  const all = await openFileLog({ disk: new MemoryDisk(), platform, folder: "data", journalFileBytes: 2000 });
  for (const topic of ["x".repeat(249), "0.journal", "journal", "checkpoint"]) {
    await put(await all.create({ ...orders, topic }, config), {});
  }
  await all.clean(10);
  for (const { topic } of [...all.partitions()]) await all.delete(topic, 0);
  await all.close();
});

test("a partition that gets its first data after its first checkpoint keeps its folder", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk);
  const log = await all.create(orders, config);
  await all.clean(10);
  await put(log, { values: ["first"] });
  await all.clean(10);
  const again = await open(disk.crash({ kind: "power" }));
  assert.deepEqual(valuesOf(await readAll(again.get("orders", 0)!)), ["first"]);
  await again.close();
});

test("a closed log writes nothing more, whatever it was about to do, and has lost nothing", async () => {
  for (const flushIntervalMessages of [1, 1000]) {
    for (let turns = 0; turns < 12; turns++) {
      const disk = new MemoryDisk();
      const all = await open(disk, { flushIntervalMessages, checkpointBytes: 2000 });
      const compacted = { ...config, cleanupPolicy: { delete: false, compact: true } };
      const logs = await Promise.all(
        Array.from({ length: 9 }, (_, partition) =>
          all.create({ ...orders, partition, topicId: `id-${partition}` }, compacted),
        ),
      );
      const appendToAll = () =>
        Promise.all(logs.map((log) => put(log, { keys: ["k"], values: [`${log.logEndOffset}`] })));
      for (let round = 0; round < 9; round++) await appendToAll();
      const cleaning = all.clean(1_000_000);
      const deleting = all.delete("orders", 8);
      for (let turn = 0; turn < turns * 10; turn++) await undefined;
      await Promise.all([all.close(), cleaning, deleting]);
      const { bytesWritten } = disk;
      for (let turn = 0; turn < 1000; turn++) await undefined;
      assert.equal(disk.bytesWritten, bytesWritten);
      assert.equal(disk.openFiles, 0);
      const again = await open(disk.crash({ kind: "power" }), { flushIntervalMessages });
      assert.equal([...again.partitions()].length, 8);
      for (const { topic, partition } of again.partitions()) {
        const { state } = await reload(again.get(topic, partition)!);
        assert.equal(state.get("k"), "8");
      }
      await again.close();
    }
  }
});

test("left to the system, each offset keeps its leader epoch", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, leftToSystem);
  const log = await all.create(orders, config);
  for (const leaderEpoch of [1, 2, 4]) {
    log.becomeLeader(leaderEpoch);
    for (let count = 0; count < 3; count++) await put(log, {}, { leaderEpoch, wallMs: 1 });
  }
  log.becomeLeader(6);
  await all.create({ ...orders, partition: 1, topicId: "another" }, config); // later in the journal, and durable
  const again = await open(disk.crash({ kind: "kill" }), leftToSystem);
  const found = again.get("orders", 0)!;
  const epochs = Array.from({ length: 10 }, (_, offset) => found.epochOfOffset(offset));
  assert.deepEqual(epochs, [1, 1, 1, 2, 2, 2, 4, 4, 4, 6]);
  for (let offset = 0; offset < 9; offset++) await readAll(found, offset);
  await again.close();
});

test("left to the system, a truncation survives too", async () => {
  const disk = new MemoryDisk();
  const all = await open(disk, leftToSystem);
  const log = await all.create(orders, config);
  for (let index = 0; index < 8; index++) await put(log, { values: [`a${index}`] });
  await log.truncate(3);
  await put(log, { values: ["b3"] });
  const again = await open(disk.crash({ kind: "kill" }), leftToSystem);
  const found = again.get("orders", 0)!;
  const values = [...valuesOf(await readAll(found)), ...valuesOf(await readAll(found, 3))];
  assert.deepEqual(values, ["a0", "a1", "a2", "b3"]);
  await again.close();
});

test("a truncation may be killed at any byte", async () => {
  const run = async (disk: MemoryDisk, seen: { step: number; acknowledged: number }) => {
    const all = await open(disk);
    const log = await all.create(orders, config);
    for (let index = 0; index < 8; index++) await put(log, { values: [`a${index}`] });
    if (disk.bytesWritten % 2 === 0) await all.clean(10); // with and without a checkpoint in front of it
    seen.acknowledged = 8;
    seen.step = 1;
    await log.truncate(3);
    seen.step = 2;
    seen.acknowledged = 3;
    for (let index = 3; index < 10; index++) {
      await put(log, { values: [`b${index}`] });
      seen.acknowledged = index + 1;
    }
    await all.clean(10);
    await all.close();
  };
  const whole = new MemoryDisk();
  await run(whole, { step: 0, acknowledged: 0 });
  for (let bytes = 2100; bytes <= whole.bytesWritten; bytes += 131) {
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const seen = { step: 0, acknowledged: 0 };
    await run(disk, seen).catch(() => undefined); // it dies somewhere
    const all = await open(disk.crash({ kind: bytes % 2 === 0 ? "kill" : "power" }));
    const log = all.get("orders", 0);
    if (seen.step === 0 || log === undefined) continue;
    const values: (string | null)[] = [];
    while (values.length < log.logEndOffset) values.push(...valuesOf(await readAll(log, values.length)));
    const cut = values[3]?.startsWith("b") ?? true;
    const expected = Array.from(values, (_, index) => (index < 3 || !cut ? `a${index}` : `b${index}`));
    assert.deepEqual(values, expected, `after ${bytes} bytes`);
    assert.ok(cut || seen.step === 1, `after ${bytes} bytes: what was cut came back`);
    if (seen.step === 2 || !cut) assert.ok(values.length >= seen.acknowledged, `after ${bytes} bytes: ${values}`);
    await all.close();
  }
});

/** What a reload sees: the last value of each key, and how much it read for that. */
async function reload(log: PartitionLog): Promise<{ state: Map<string, string>; records: number }> {
  const state = new Map<string, string>();
  let records = 0;
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const result = (await log.read(offset, { maxBytes: 1 << 20, atLeastOne: true, upTo: "log-end" }))!;
    if (result.bytes === 0) break;
    for (const batch of result.chunks.flatMap((chunk) => [...batches(chunk)])) {
      assert.ok(batch.lastOffset >= offset, "offsets go up");
      for (const record of readRecords(batch, platform)) {
        state.set(text(record.key)!, text(record.value)!);
        records++;
      }
      offset = batch.lastOffset + 1;
    }
  }
  return { state, records };
}

test("compaction may be killed at any byte; the latest acknowledged value of each key stays", async () => {
  const compacted: LogConfig = { ...config, cleanupPolicy: { delete: false, compact: true } };
  const run = async (disk: MemoryDisk, acknowledged: Map<string, number>) => {
    const all = await open(disk);
    const log = await all.create(orders, compacted);
    for (let index = 0; index < 60; index++) {
      await put(log, { keys: [`k${index % 4}`], values: [`${index}`] });
      acknowledged.set(`k${index % 4}`, index);
      if (index % 20 === 19) await all.clean(1_000_000);
    }
    return all;
  };
  const whole = new MemoryDisk();
  const all = await run(whole, new Map());
  const { records } = await reload(all.get("orders", 0)!);
  assert.ok(records < 20, `a reload reads ${records} records for 4 keys`);
  await all.close();
  for (let bytes = 400; bytes <= whole.bytesWritten; bytes += 509) {
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const acknowledged = new Map<string, number>();
    await run(disk, acknowledged).catch(() => undefined); // it dies somewhere
    const again = await open(disk.crash({ kind: bytes % 2 === 0 ? "power" : "kill" }));
    const log = again.get("orders", 0);
    assert.ok(log || acknowledged.size === 0, `after ${bytes} bytes: the partition is gone`);
    if (log === undefined) continue;
    const { state } = await reload(log);
    for (const [key, index] of acknowledged) {
      assert.ok(Number(state.get(key)) >= index, `after ${bytes} bytes: ${key} is ${state.get(key)}, was ${index}`);
    }
    await again.clean(2_000_000);
    assert.deepEqual((await reload(log)).state, state, `after ${bytes} bytes`);
    await again.close();
  }
});
