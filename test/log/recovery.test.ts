/** The file engine is killed at every byte it writes: what it acknowledged is there afterwards, and nothing strange. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import type { Log, PartitionLog } from "../../src/log/log.ts";
import { type Crash, MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, recordsOf, sampleBatch } from "./batches.ts";
import { accepted, readAll } from "./conformance.ts";

const config = { ...defaultLogConfig, segmentBytes: 700, indexIntervalBytes: 150, fileDeleteDelayMs: 0 };
const open = (disk: MemoryDisk, more = {}): Promise<Log> =>
  openFileLog({
    disk,
    platform,
    folder: "data",
    journalFileBytes: 1500,
    checkpointBytes: 2500,
    hotTailBytes: 0,
    ...more,
  });

/** What was asked for, and what of it was answered. */
interface Seen {
  /** By topic id: values by offset, offsets below `acknowledged` are promised. */
  readonly attempted: Map<string, string[]>;
  readonly acknowledged: Map<string, number>;
  readonly start: Map<string, number>;
  readonly startAttempted: Map<string, number>;
  /** Topic ids whose creation, whose deletion was answered or asked for. */
  readonly created: Set<string>;
  readonly deleted: Set<string>;
  readonly deleting: Set<string>;
}

const nothingSeen = (): Seen => ({
  attempted: new Map(),
  acknowledged: new Map(),
  start: new Map(),
  startAttempted: new Map(),
  created: new Set(),
  deleted: new Set(),
  deleting: new Set(),
});

async function send(log: PartitionLog, seen: Seen, count: number, label: string): Promise<void> {
  const waits: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    const values = seen.attempted.get(log.topicId) ?? [];
    seen.attempted.set(log.topicId, values);
    const value = `${label}-${index}-${"x".repeat((index * 37) % 90)}`;
    const result = log.append(sampleBatch({ values: [value], timestamp: 1000 + values.length }), {
      leaderEpoch: 1,
      wallMs: 1,
    });
    if (!result.ok) throw new Error(result.refusal);
    assert.equal(result.baseOffset, values.length);
    values.push(value);
    waits.push(
      result.durable.then(() => {
        seen.acknowledged.set(log.topicId, Math.max(seen.acknowledged.get(log.topicId) ?? 0, result.lastOffset + 1));
      }),
    );
  }
  await Promise.all(waits);
}

/** All that a log can be asked for, with checkpoints, rolled segments and used-again journal files in between. */
async function workload(all: Log, seen: Seen): Promise<void> {
  const create = async (topic: string, topicId: string) => {
    seen.attempted.set(topicId, []);
    const log = await all.create({ topic, partition: 0, topicId }, config);
    seen.created.add(topicId);
    log.becomeLeader(1);
    return log;
  };
  const [a, b] = await Promise.all([create("a", "id-a"), create("b", "id-b1")]);
  await Promise.all([send(a, seen, 8, "a1"), send(b, seen, 3, "b1")]);
  seen.startAttempted.set(a.topicId, 5);
  await a.deleteBefore(5);
  seen.start.set(a.topicId, 5);
  await send(a, seen, 6, "a2");
  seen.deleting.add(b.topicId);
  await all.delete("b", 0);
  seen.deleted.add(b.topicId);
  const again = await create("b", "id-b2");
  await Promise.all([send(again, seen, 6, "b2"), send(a, seen, 5, "a3")]);
  await all.clean(2000);
  // Checkpoints run while appends go on: they show some of what the journal holds behind them.
  const cleaning = all.clean(2000);
  for (let round = 0; round < 4; round++) await Promise.all([send(again, seen, 2, "b3"), send(a, seen, 2, "a4")]);
  await cleaning;
  await all.close();
}

/** @param exact the disk lost nothing: every offset that was promised must be there. */
async function verify(all: Log, seen: Seen, exact: boolean): Promise<void> {
  const found = new Map([...all.partitions()].map((at) => [at.topicId, all.get(at.topic, at.partition)!]));
  for (const topicId of seen.created) {
    assert.ok(found.has(topicId) || seen.deleting.has(topicId), `${topicId} is gone`);
  }
  for (const topicId of seen.deleted) assert.ok(!found.has(topicId), `${topicId} came back`);
  for (const [topicId, log] of found) {
    const attempted = seen.attempted.get(topicId);
    assert.ok(attempted, `${topicId} was never made`);
    const start = seen.start.get(topicId) ?? 0;
    assert.ok(
      log.logStartOffset >= start && log.logStartOffset <= Math.max(start, seen.startAttempted.get(topicId) ?? 0),
    );
    if (exact) assert.ok(log.logEndOffset >= (seen.acknowledged.get(topicId) ?? 0), `${topicId} lost what it promised`);
    assert.equal(log.highWatermark, log.logEndOffset);
    let offset = log.logStartOffset;
    while (offset < log.logEndOffset) {
      const records = recordsOf((await readAll(log, offset, 400)).chunks).filter((record) => record.offset >= offset);
      assert.ok(records.length > 0, `${topicId} has nothing at ${offset}`);
      for (const record of records) assert.deepEqual([record.offset, record.value], [offset, attempted[offset++]]);
    }
    const next = accepted(log.append(sampleBatch({ values: ["next"] }), { leaderEpoch: 2, wallMs: 3 }));
    assert.equal(next.baseOffset, offset);
    await next.durable;
    assert.equal(recordsOf((await readAll(log, offset)).chunks).at(-1)?.value, "next");
    assert.equal(log.epochOfOffset(offset), 2);
  }
}

async function runUntilDeath(disk: MemoryDisk, options: object): Promise<Seen> {
  const seen = nothingSeen();
  try {
    await workload(await open(disk, options), seen);
  } catch {
    // the disk died: what was answered before is in `seen`
  }
  return seen;
}

/** 1 tries every byte, and takes minutes: REGROUP_TEST_STEP_BYTES=1 node --test test/log/recovery.test.ts */
const stepBytes = Number(process.env.REGROUP_TEST_STEP_BYTES ?? 199);
const journaled = { flushIntervalMessages: 1 };
const unjournaled = { flushIntervalMessages: 1000 };
let random = 1;
const coin = () => {
  random = (random * 48271) % 2147483647;
  return random % 2 === 0;
};

for (const [name, crash, options, exact] of [
  ["the process is killed", { kind: "kill" }, journaled, true],
  ["the power fails", { kind: "power" }, journaled, true],
  ["the power fails and some unsynced writes survive", { kind: "power", survives: coin }, journaled, true],
  ["the process is killed, no journal", { kind: "kill" }, unjournaled, true],
  ["the power fails, no journal", { kind: "power" }, unjournaled, false],
] as const satisfies readonly (readonly [string, Crash, object, boolean])[]) {
  test(`every acknowledged append survives: ${name}`, async () => {
    const whole = new MemoryDisk();
    await runUntilDeath(whole, options);
    for (let bytes = 1; bytes <= whole.bytesWritten; bytes += stepBytes) {
      const disk = new MemoryDisk({ diesAfterBytes: bytes });
      const seen = await runUntilDeath(disk, options);
      const next = disk.crash(crash);
      const all = await open(next, options).catch((error: unknown) =>
        assert.fail(`after ${bytes} bytes: ${(error as Error).stack}`),
      );
      await verify(all, seen, exact).catch((error: unknown) =>
        assert.fail(`after ${bytes} bytes: ${(error as Error).stack}`),
      );
      await all.close();
    }
  });
}

test("recovery itself may be killed at any byte, and the power may fail after that", async () => {
  const whole = new MemoryDisk();
  await runUntilDeath(whole, journaled);
  for (let bytes = 100; bytes <= whole.bytesWritten; bytes += 1997) {
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const first = await runUntilDeath(disk, journaled);
    const measured = disk.crash({ kind: "kill" });
    await (await open(measured)).close();
    for (let second = 1; second <= measured.bytesWritten; second += 3 * stepBytes) {
      const seen = structuredClone(first);
      const dying = disk.crash({ kind: second % 2 === 0 ? "kill" : "power" }, { diesAfterBytes: second });
      const recovered = await open(dying).catch(() => undefined); // or it dies here
      for (const { topic, partition } of recovered?.partitions() ?? []) {
        const log = recovered!.get(topic, partition)!;
        seen.attempted.get(log.topicId)!.length = log.logEndOffset; // the rest was never promised
        await send(log, seen, 1, "late").catch(() => undefined);
      }
      await recovered?.close().catch(() => undefined);
      const all = await open(dying.crash({ kind: "power" }));
      await verify(all, seen, true).catch((error: unknown) =>
        assert.fail(`after ${bytes} and ${second} bytes: ${(error as Error).stack}`),
      );
      await all.close();
    }
  }
});

test("a failed write is final: what is pending is rejected, nothing more taken, the broker told once", async () => {
  let failures = 0;
  for (let failsAt = 1; failsAt < 40; failsAt++) {
    const told: Error[] = [];
    const disk = new MemoryDisk({ failsAt });
    const all = await open(disk, { onFailure: (error: Error) => told.push(error) }).catch(() => undefined);
    if (all === undefined) continue; // it failed while it opened
    const seen = nothingSeen();
    const error = await workload(all, seen).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    if (error === undefined) continue;
    failures++;
    assert.equal(told.length, 1);
    for (const { topic, partition } of all.partitions()) {
      const log: PartitionLog = all.get(topic, partition)!;
      assert.deepEqual(log.append(sampleBatch(), { leaderEpoch: 1, wallMs: 1 }), { ok: false, refusal: "failed" });
    }
    await assert.rejects(all.clean(1), { name: "LogError", kind: "failed" });
    await all.close();
    const next = await open(disk.crash({ kind: "power" }));
    await verify(next, seen, true);
    await next.close();
  }
  assert.ok(failures > 20, `${failures} failures were seen`);
});
