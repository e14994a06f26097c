/** A small log that has a bit of everything, and all that clients can ask of it. */
import { defaultLogConfig } from "../../../src/log/config.ts";
import { openFileLog } from "../../../src/log/file/recovery.ts";
import { type Log, LogError, type PartitionLog } from "../../../src/log/log.ts";
import { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { batches, readRecords } from "../../../src/protocol/records/batch.ts";
import { platform } from "../batches.ts";
import { put } from "../conformance.ts";

const plain = { ...defaultLogConfig, segmentBytes: 700, indexIntervalBytes: 100, fileDeleteDelayMs: 0 };
const compacted = { ...plain, segmentBytes: 300, cleanupPolicy: { delete: false, compact: true } };

export interface Told {
  readonly cuts: string[];
  readonly damage: string[];
}

export const openTold = (disk: MemoryDisk, told: Told, flushIntervalMessages = 1): Promise<Log> =>
  openFileLog({
    disk,
    platform,
    folder: "data",
    journalFileBytes: 500,
    checkpointBytes: 1 << 20,
    hotTailBytes: 0,
    flushIntervalMessages,
    onCut: (what) => told.cuts.push(what),
    onDamage: (at, error) => told.damage.push(`${at.topic}-${at.partition}: ${error.message}`),
  });

/**
 * Segments, indexes and a cleaned segment under a checkpoint, then journal files behind it.
 * @returns what a kill leaves at the checkpoint, and after each acknowledgement from there on.
 */
export async function smallLog(flushIntervalMessages = 1): Promise<MemoryDisk[]> {
  const disk = new MemoryDisk();
  const all = await openTold(disk, { cuts: [], damage: [] }, flushIntervalMessages);
  const [events, states] = await Promise.all([
    all.create({ topic: "events", partition: 0, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" }, plain),
    all.create({ topic: "states", partition: 0, topicId: "AAAAAAAAAAAAAAAAAAAAAg" }, compacted),
  ]);
  let left: MemoryDisk[] = [];
  const acknowledged = () => left.push(disk.after({ kind: "kill" }));
  const fill = async (from: number, to: number, leaderEpoch: number) => {
    for (const log of [events, states]) log.becomeLeader(leaderEpoch);
    for (let index = from; index < to; index++) {
      const sent = { values: [`v${index}`], timestamp: 1000 + index * 10 };
      await put(events, { ...sent, producerId: 7, producerEpoch: 1, baseSequence: index }, { leaderEpoch, wallMs: 1 });
      acknowledged();
      await put(states, { ...sent, keys: [`k${index % 3}`] }, { leaderEpoch, wallMs: 1 });
      acknowledged();
    }
  };
  await fill(0, 8, 1);
  await all.clean(1_000_000); // a checkpoint names the cleaned segment by number, then it takes its name
  await fill(8, 10, 2);
  await all.clean(1_000_001);
  left = [disk.after({ kind: "kill" })];
  await fill(10, 15, 2);
  return left;
}

async function records(log: PartitionLog, from: number, maxBytes: number): Promise<string[]> {
  const found = await log.read(from, { maxBytes, atLeastOne: true, upTo: "high-watermark" });
  return (found?.chunks ?? []).flatMap((chunk) =>
    [...batches(chunk)].flatMap((batch) =>
      [...readRecords(batch, platform)].map(({ offset, timestamp, value }) => {
        return `${batch.partitionLeaderEpoch}/${offset}/${timestamp}/${new TextDecoder().decode(value!)}`;
      }),
    ),
  );
}

/** Everything that can be asked, by question. */
function questions(log: PartitionLog): Map<string, () => unknown> {
  const all = new Map<string, () => unknown>();
  all.set("state", () => ({
    offsets: [log.logStartOffset, log.logEndOffset, log.highWatermark, log.leaderEpoch],
    epochs: Array.from({ length: log.logEndOffset }, (_, offset) => log.epochOfOffset(offset)),
    ends: [0, 1, 2, 3].map((epoch) => log.endOffsetForEpoch(epoch)),
    producers: [...log.producers()],
    config: log.config,
    topicId: log.topicId,
  }));
  for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++) {
    all.set(`record ${offset}`, () => records(log, offset, 1));
  }
  all.set("all records", () => records(log, log.logStartOffset, 1 << 20));
  for (let index = 0; index < 16; index++) {
    all.set(`time ${1000 + index * 10}`, () => log.offsetForTimestamp(1000 + index * 10));
  }
  all.set("latest time", () => log.maxTimestamp());
  return all;
}

/** @returns for each question an answer, or "corrupt" where the log said so. */
export async function observe(all: Log): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { topic, partition } of [...all.partitions()].sort((a, b) => (a.topic < b.topic ? -1 : 1))) {
    for (const [question, ask] of questions(all.get(topic, partition)!)) {
      const answer = await Promise.resolve()
        .then(ask)
        .then(JSON.stringify, (error: unknown) => {
          if (error instanceof LogError && error.kind === "corrupt") return "corrupt";
          throw error;
        });
      found.set(`${topic}: ${question}`, String(answer));
    }
  }
  return found;
}
