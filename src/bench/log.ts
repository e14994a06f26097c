/**
 * What the file engine costs: acknowledgements by the number of partitions that share a commit, start-up with 10,000
 * partitions, recovery after a kill.
 *
 *     node src/bench/log.ts [--folder on-the-disk-to-measure]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLogConfig } from "../log/config.ts";
import type { FileLogOptions } from "../log/file/file-log.ts";
import { openFileLog } from "../log/file/recovery.ts";
import type { Log, PartitionLog } from "../log/log.ts";
import { openMemoryLog } from "../log/memory/memory-log.ts";
import { nodeDisk } from "../platform/disk.ts";
import { nodePlatform as platform } from "../platform/node-platform.ts";
import { encodeBatch } from "../protocol/records/batch.ts";
import { readFlags } from "./flags.ts";

const { folder: where } = readFlags({ folder: { type: "string" } });
const root = await mkdtemp(join(where ?? tmpdir(), "regroup-bench-"));
let folders = 0;
const newFolder = () => join(root, `log-${folders++}`);
const open = (folder: string, more: Partial<FileLogOptions> = {}) =>
  openFileLog({ disk: nodeDisk, platform, folder, wallMs: Date.now(), ...more });

/** Stops at once, as SIGKILL would: no checkpoint, no mark; only the lock is given back. */
async function abandon(log: Log): Promise<void> {
  (log as unknown as { failure: Error }).failure = new Error("abandoned");
  await log.close();
}

const batchOf = (bytes: number) =>
  encodeBatch({ records: [{ key: null, value: new Uint8Array(bytes - 70), timestamp: Date.now() }] }, platform);

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function partitionsOf(log: Log, count: number): Promise<PartitionLog[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      log.create(
        { topic: `t${Math.floor(index / 10)}`, partition: index % 10, topicId: `id-${Math.floor(index / 10)}` },
        defaultLogConfig,
      ),
    ),
  );
}

/** Each of `writers` appends to its own partition again as soon as its last append is durable. */
async function acknowledgements(log: Log, writers: number, bytes: number, durationMs: number) {
  const logs = await partitionsOf(log, writers);
  const template = batchOf(bytes);
  const latencies: number[] = [];
  const wallMs = Date.now();
  const write = async (partition: PartitionLog, until: number) => {
    for (let begin = performance.now(); begin < until; begin = performance.now()) {
      const result = partition.append(template.slice(), { leaderEpoch: 0, wallMs });
      if (!result.ok) throw new Error(result.refusal);
      await result.durable;
      latencies.push(performance.now() - begin);
    }
  };
  const warmUntil = performance.now() + durationMs / 4;
  await Promise.all(logs.map((partition) => write(partition, warmUntil)));
  latencies.length = 0;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await Promise.all(logs.map((partition) => write(partition, begin + durationMs)));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = Float64Array.from(latencies).sort();
  return {
    "k acks/s": (sorted.length / seconds / 1000).toFixed(1),
    "MB/s": ((sorted.length * bytes) / seconds / 1e6).toFixed(0),
    "p50 ms": percentile(sorted, 0.5).toFixed(2),
    "p99 ms": percentile(sorted, 0.99).toFixed(2),
    "CPU µs/ack": ((user + system) / sorted.length).toFixed(1),
  };
}

async function appendBench(): Promise<void> {
  const rows: Record<string, object> = {};
  for (const [writers, bytes] of [
    [1, 200],
    [10, 200],
    [64, 200],
    [100, 1000],
    [1000, 1000],
    [4, 128 * 1024],
  ] as const) {
    const log = await open(newFolder());
    rows[`journal, ${writers} partitions, ${bytes} B`] = await acknowledgements(log, writers, bytes, 2000);
    await log.close();
  }
  const unsynced = await open(newFolder(), { flushIntervalMessages: 1000 });
  rows["left to the system, 64 partitions, 200 B"] = await acknowledgements(unsynced, 64, 200, 2000);
  await unsynced.close();
  rows["memory, 64 partitions, 200 B"] = await acknowledgements(openMemoryLog({ platform }), 64, 200, 1000);
  console.table(rows);
}

const elapsed = async (action: () => Promise<unknown>): Promise<string> => {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(cpu);
  return `${(performance.now() - begin).toFixed(0)} ms (CPU ${((user + system) / 1000).toFixed(0)} ms)`;
};

const led = (log: Log) => [...log.partitions()].map(({ topic, partition }) => log.get(topic, partition)!);

async function startBench(): Promise<void> {
  const folder = newFolder();
  const rows: Record<string, string> = {};
  const rssBefore = process.memoryUsage().rss;
  let log = await open(folder);
  const start = async () => {
    log = await open(folder);
  };
  rows["create 1,000 topics of 10 partitions"] = await elapsed(() => partitionsOf(log, 10_000));
  rows["an append to each, all at once"] = await elapsed(() => appendToAll(led(log)));
  rows["stop, all of it in the journal"] = await elapsed(() => log.close());
  rows["start, all of it in the journal"] = await elapsed(start);
  rows["checkpoint: 10,000 segments written and synced"] = await elapsed(() => log.clean(Date.now()));
  rows["stop after a checkpoint"] = await elapsed(() => log.close());
  rows["start from a checkpoint"] = await elapsed(start);
  rows["lead all (10,000 epochs journaled)"] = await elapsed(async () => {
    for (const partition of led(log)) partition.becomeLeader(1);
  });
  await appendToAll(led(log));
  await abandon(log);
  rows["start after a kill, an epoch and an append for each"] = await elapsed(start);
  rows["MB RSS more than before"] = ((process.memoryUsage().rss - rssBefore) / 1e6).toFixed(0);
  await log.close();
  console.table(rows);
}

async function appendToAll(logs: readonly PartitionLog[]): Promise<void> {
  const wallMs = Date.now();
  await Promise.all(
    logs.map((log) => {
      const result = log.append(batchOf(200), { leaderEpoch: Math.max(0, log.leaderEpoch), wallMs });
      if (!result.ok) throw new Error(result.refusal);
      return result.durable;
    }),
  );
}

async function recoveryBench(): Promise<void> {
  const folder = newFolder();
  const rows: Record<string, string> = {};
  let log = await open(folder);
  const [partition] = await partitionsOf(log, 1);
  const template = batchOf(16 * 1024);
  let last: Promise<void> = Promise.resolve();
  for (let index = 0; index < 2800; index++) {
    const result = partition!.append(template.slice(), { leaderEpoch: 0, wallMs: Date.now() });
    if (!result.ok) throw new Error(result.refusal);
    last = result.durable;
    if (index % 64 === 0) await last;
  }
  await last;
  await abandon(log);
  rows["start after a kill, 46 MB in the journal"] = await elapsed(async () => {
    log = await open(folder);
  });
  rows["read 46 MB, most of it from memory, 1 MB at a time"] = await elapsed(() => readAll(log.get("t0", 0)!));
  await log.close();
  log = await open(folder);
  rows["read 46 MB from segment files, 1 MB at a time"] = await elapsed(() => readAll(log.get("t0", 0)!));
  await log.close();
  console.table(rows);
}

async function readAll(log: PartitionLog): Promise<void> {
  for (let offset = 0; offset < log.logEndOffset; ) {
    const result = await log.read(offset, { maxBytes: 1 << 20, atLeastOne: true, upTo: "high-watermark" });
    offset += Math.round(result!.bytes / (16 * 1024));
  }
}

try {
  await appendBench();
  await startBench();
  await recoveryBench();
} finally {
  await rm(root, { recursive: true, force: true });
}
