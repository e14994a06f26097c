/** What tests of crashes and of faults have in common: a log that is asked for everything, and what must be left. */
import assert from "node:assert/strict";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { Disk } from "../../src/log/disk.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import type { Log, PartitionLog } from "../../src/log/log.ts";
import { platform, recordsOf, sampleBatch } from "./batches.ts";
import { accepted, readAll } from "./conformance.ts";

const config = { ...defaultLogConfig, segmentBytes: 700, indexIntervalBytes: 150, fileDeleteDelayMs: 0 };
export const open = (disk: Disk, more = {}): Promise<Log> =>
  openFileLog({
    disk,
    platform,
    folder: "data",
    journalFileBytes: 1500,
    checkpointBytes: 2500,
    recoveryBytes: 500,
    hotTailBytes: 0,
    ...more,
  });

/** What was asked for, and what of it was answered. */
export interface Seen {
  /** By topic id: values by offset, offsets below `acknowledged` are promised. */
  readonly attempted: Map<string, string[]>;
  readonly acknowledged: Map<string, number>;
  /** Of all partitions, in the order in which they were asked for. */
  order: readonly { readonly topicId: string; readonly offset: number }[];
  /** What was acknowledged before the last checkpoint. */
  checkpointed: ReadonlyMap<string, number>;
  readonly start: Map<string, number>;
  readonly startAttempted: Map<string, number>;
  /** Topic ids whose creation, whose deletion was answered or asked for. */
  readonly created: Set<string>;
  readonly deleted: Set<string>;
  readonly deleting: Set<string>;
}

export const nothingSeen = (): Seen => ({
  attempted: new Map(),
  acknowledged: new Map(),
  order: [],
  checkpointed: new Map(),
  start: new Map(),
  startAttempted: new Map(),
  created: new Set(),
  deleted: new Set(),
  deleting: new Set(),
});

export async function send(log: PartitionLog, seen: Seen, count: number, label: string): Promise<void> {
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
    seen.order = [...seen.order, { topicId: log.topicId, offset: result.baseOffset }];
    waits.push(
      result.durable.then(() => {
        seen.acknowledged.set(log.topicId, Math.max(seen.acknowledged.get(log.topicId) ?? 0, result.lastOffset + 1));
      }),
    );
  }
  await Promise.all(waits);
}

/** All that a log can be asked for, with checkpoints, rolled segments and used-again journal files in between. */
export async function workload(all: Log, seen: Seen): Promise<void> {
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
  seen.checkpointed = new Map(seen.acknowledged);
  // Checkpoints run while appends go on: they show some of what the journal holds behind them.
  const cleaning = all.clean(2000);
  for (let round = 0; round < 4; round++) await Promise.all([send(again, seen, 2, "b3"), send(a, seen, 2, "a4")]);
  await cleaning;
  await all.close();
}

/** @param exact the disk lost nothing: every offset that was promised must be there. Else all ended at one moment. */
export async function verify(all: Log, seen: Seen, exact: boolean): Promise<void> {
  const found = new Map([...all.partitions()].map((at) => [at.topicId, all.get(at.topic, at.partition)!]));
  for (const topicId of seen.created) {
    assert.ok(found.has(topicId) || seen.deleting.has(topicId), `${topicId} is gone`);
  }
  for (const topicId of seen.deleted) assert.ok(!found.has(topicId), `${topicId} came back`);
  const left = seen.order.filter(({ topicId }) => found.has(topicId));
  const isThere = left.map(({ topicId, offset }) => offset < found.get(topicId)!.logEndOffset);
  const end = isThere.indexOf(false);
  assert.ok(
    end < 0 || isThere.lastIndexOf(true) < end,
    "one record is gone, a later one of another partition is there",
  );
  forgetLost(all, seen);
  for (const [topicId, log] of found) {
    const attempted = seen.attempted.get(topicId);
    assert.ok(attempted, `${topicId} was never made`);
    const start = seen.start.get(topicId) ?? 0;
    assert.ok(
      log.logStartOffset >= start && log.logStartOffset <= Math.max(start, seen.startAttempted.get(topicId) ?? 0),
    );
    const promised = exact ? seen.acknowledged : seen.checkpointed;
    assert.ok(log.logEndOffset >= (promised.get(topicId) ?? 0), `${topicId} lost what it promised`);
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

/** Whatever is shown counts as promised from now on. */
export function promiseWhatIsShown(log: Log, seen: Seen): void {
  for (const { topic, partition, topicId } of log.partitions()) {
    const { highWatermark } = log.get(topic, partition)!;
    const values = seen.attempted.get(topicId)!;
    values.length = highWatermark - 1;
    values.push("next"); // by `verify`
    seen.acknowledged.set(topicId, highWatermark);
  }
}

/** What is appended from now on comes in its place. */
export function forgetLost(all: Log, seen: Seen): void {
  for (const { topic, partition, topicId } of all.partitions()) {
    const { logEndOffset } = all.get(topic, partition)!;
    seen.attempted.get(topicId)!.length = logEndOffset;
    seen.order = seen.order.filter((it) => it.topicId !== topicId || it.offset < logEndOffset);
  }
}

export async function runUntilDeath(disk: Disk, options: object): Promise<Seen> {
  const seen = nothingSeen();
  try {
    await workload(await open(disk, options), seen);
  } catch {
    // the disk died: what was answered before is in `seen`
  }
  return seen;
}
