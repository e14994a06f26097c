/** The whole matrix of produce and consume, of rates, of commits and of group sizes: `--full`. */
import type { CompressionType } from "../../protocol/platform.ts";
import { deleteTopic } from "../load/topic.ts";
import { type Trial, trial } from "./row.ts";

const sizes = [100, 1000, 10_000];
const partitionCounts = [1, 10, 100, 1000];
const compressions: readonly CompressionType[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** A turn of each: there are hundreds. */
const window = { warmUpSeconds: 0.5, seconds: 1.5 };

/** Bytes that a topic is filled with before it is read. */
const filledBytes = 100_000_000;

/** The topics of all turns would not fit on a disk, and would have more files than Kafka may map. */
async function thenDelete<T>(told: Promise<T>, server: string, topic: string): Promise<T> {
  await told;
  await deleteTopic(server, topic);
  return told;
}

function produce(valueBytes: number, partitions: number, acks: number, compression: CompressionType): Trial {
  const how = `${valueBytes} B, ${partitions} partitions, acks=${acks === -1 ? "all" : acks}, ${compression}`;
  return trial({
    id: `produce-${valueBytes}-${partitions}-${acks}-${compression}`,
    settings: ["fsync", "os"],
    rounds: 1,
    figures: { perSecond: { what: `produce ${how}`, unit: "records/s", better: "more" } },
    measure: async ({ server }, topic, run) => {
      const shape = { valueBytes, partitions, perRequest: Math.min(partitions, 10), acks, compression };
      return thenDelete(run("produce", { server, topic, ...shape, ...window }), server, topic);
    },
  });
}

function consume(valueBytes: number, partitions: number, compression: CompressionType): Trial {
  return trial({
    id: `consume-${valueBytes}-${partitions}-${compression}`,
    settings: ["os"],
    rounds: 1,
    figures: {
      perSecond: {
        what: `consume ${valueBytes} B, ${partitions} partitions, ${compression}`,
        unit: "records/s",
        better: "more",
      },
    },
    measure: async ({ server }, topic, run) => {
      const records = filledBytes / valueBytes;
      const shape = { valueBytes, partitions, compression, records };
      return thenDelete(run("consume", { server, topic, ...shape, ...window }), server, topic);
    },
  });
}

function commits(partitions: number, groups: number): Trial {
  return trial({
    id: `commits-${partitions}-${groups}`,
    settings: ["fsync", "os"],
    rounds: 1,
    figures: {
      perSecond: { what: `commits of ${partitions} partitions, ${groups} groups`, unit: "commits/s", better: "more" },
      p99: { what: `commits of ${partitions} partitions, ${groups} groups, p99`, unit: "ms", better: "less" },
    },
    measure: async ({ server }, _, run) => {
      return run("commits", { server, topic: `bench-commits-${partitions}`, partitions, groups, ...window });
    },
  });
}

function latency(perSecond: number, valueBytes: number): Trial {
  const what = (share: string) => `end to end, ${valueBytes} B at ${perSecond}/s, ${share}`;
  return trial({
    id: `latency-${perSecond}-${valueBytes}`,
    settings: ["fsync", "os", "memory"],
    rounds: 1,
    figures: {
      p50: { what: what("p50"), unit: "ms", better: "less" },
      p99: { what: what("p99"), unit: "ms", better: "less" },
      p999: { what: what("p99.9"), unit: "ms", better: "less" },
    },
    measure: async ({ server }, topic, run) => {
      const seconds = Math.max(2, 2000 / perSecond); // of fewer records a p99.9 would be the slowest
      return run("latency", { server, topic, perSecond, valueBytes, warmUpSeconds: 0.5, seconds });
    },
  });
}

function groups(members: number): Trial {
  const ms = (what: string) => ({ what: `group of ${members}: ${what}`, unit: "ms", better: "less" }) as const;
  return trial({
    id: `group-${members}`,
    settings: ["os"],
    rounds: 3,
    figures: {
      formedMs: ms("forms"),
      joinedMs: ms("one joins"),
      leftMs: ms("one leaves"),
      crashedMs: ms("one dies, since the end of its session"),
    },
    measure: async ({ server }, groupId, run) => {
      const times = await run("groups", { server, groupId, members, crash: true });
      return { ...times, crashedMs: times.crashedMs! };
    },
  });
}

export const matrixTrials: readonly Trial[] = [
  ...sizes.flatMap((size) =>
    partitionCounts.flatMap((count) =>
      [1, -1].flatMap((acks) => compressions.map((compression) => produce(size, count, acks, compression))),
    ),
  ),
  ...sizes.flatMap((size) =>
    partitionCounts.flatMap((count) => compressions.map((compression) => consume(size, count, compression))),
  ),
  ...[100, 1000, 5000].flatMap((rate) => [100, 1000].map((size) => latency(rate, size))),
  ...[1, 50].flatMap((partitions) => [1, 10, 100].map((count) => commits(partitions, count))),
  ...[10, 100, 1000, 5000].map(groups),
];
