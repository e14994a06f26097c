/** The whole matrix of produce and consume, of rates, of commits and of group sizes: `--full`. */
import type { CompressionType } from "../../protocol/platform.ts";
import { deleteTopic } from "../load/topic.ts";
import { type Trial, trial } from "./row.ts";

const sizes = [100, 1000, 10_000];
const partitionCounts = [1, 10, 100, 1000];
const compressions: readonly CompressionType[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** A turn of each: there are hundreds. */
const window = { warmUpSeconds: 0.3, seconds: 0.8 };
const windowSeconds = window.warmUpSeconds + window.seconds;

/** What a process, its connections and a topic with few partitions take beside the window. */
const aroundSeconds = 0.7;

/** Bytes that a topic is filled with before it is read. */
const filledBytes = 100_000_000;

/** Of so many partitions a topic takes Kafka longer to make than a turn on it. */
const manyPartitions = 1000;

/** The topics of all turns would not fit on a disk, and would have more files than Kafka may map. */
async function thenDelete<T>(told: Promise<T>, server: string, topic: string): Promise<T> {
  await told;
  await deleteTopic(server, topic);
  return told;
}

function produce(valueBytes: number, partitions: number, acks: number, compression: CompressionType): Trial {
  const load = `produce ${valueBytes} B, acks=${acks === -1 ? "all" : acks}`;
  const isShared = partitions === manyPartitions;
  const isLast = acks === -1 && compression === compressions.at(-1);
  return trial({
    id: `produce-${valueBytes}-${partitions}-${acks}-${compression}`,
    load,
    settings: ["fsync", "os"],
    rounds: 1,
    seconds: windowSeconds + aroundSeconds + partitions / 500,
    figures: {
      perSecond: { what: `${load}: ${named(partitions)}, ${compression}`, unit: "records/s", better: "more" },
    },
    measure: async ({ server }, name, run) => {
      const topic = isShared ? `bench-produce-${valueBytes}-${partitions}` : name;
      const shape = { valueBytes, partitions, perRequest: Math.min(partitions, 10), acks, compression };
      const told = run("produce", { server, topic, ...shape, ...window });
      return isShared && !isLast ? told : thenDelete(told, server, topic);
    },
  });
}

function consume(valueBytes: number, partitions: number, compression: CompressionType): Trial {
  const load = `consume ${valueBytes} B`;
  return trial({
    id: `consume-${valueBytes}-${partitions}-${compression}`,
    load,
    settings: ["os"],
    rounds: 1,
    seconds: windowSeconds + 0.5 + aroundSeconds + partitions / 300,
    figures: {
      perSecond: { what: `${load}: ${named(partitions)}, ${compression}`, unit: "records/s", better: "more" },
    },
    measure: async ({ server }, topic, run) => {
      const records = filledBytes / valueBytes;
      const shape = { valueBytes, partitions, compression, records };
      return thenDelete(run("consume", { server, topic, ...shape, ...window }), server, topic);
    },
  });
}

function commits(partitions: number, groups: number): Trial {
  const load = "offset commits";
  const how = `${named(partitions)} each, ${groups} ${groups === 1 ? "group" : "groups"}`;
  return trial({
    id: `commits-${partitions}-${groups}`,
    load,
    settings: ["fsync", "os"],
    rounds: 1,
    seconds: windowSeconds + aroundSeconds,
    figures: {
      perSecond: { what: `${load}: ${how}`, unit: "commits/s", better: "more" },
      p99: { what: `${load}: ${how}, p99`, unit: "ms", better: "less" },
    },
    measure: async ({ server }, _, run) => {
      return run("commits", { server, topic: `bench-commits-${partitions}`, partitions, groups, ...window });
    },
  });
}

function latency(perSecond: number, valueBytes: number): Trial {
  const load = "end to end";
  const what = (share: string) => `${load}: ${valueBytes} B at ${perSecond.toLocaleString("en")}/s, ${share}`;
  // Of fewer than 1,000 a p99.9 would be the slowest; of many who cannot keep up takes a minute.
  const seconds = Math.min(12, Math.max(1, 2000 / perSecond));
  const warmUpSeconds = 0.5;
  return trial({
    id: `latency-${perSecond}-${valueBytes}`,
    load,
    settings: ["fsync", "os", "memory"],
    rounds: 1,
    seconds: warmUpSeconds + seconds + 0.5 + aroundSeconds,
    figures: {
      p50: { what: what("p50"), unit: "ms", better: "less" },
      p99: { what: what("p99"), unit: "ms", better: "less" },
      p999: { what: what("p99.9"), unit: "ms", better: "less" },
    },
    measure: async ({ server }, topic, run) => {
      return run("latency", { server, topic, perSecond, valueBytes, warmUpSeconds, seconds });
    },
  });
}

function groups(members: number): Trial {
  const load = "groups";
  const ms = (what: string) => {
    return { what: `${load}: of ${members.toLocaleString("en")}, ${what}`, unit: "ms", better: "less" } as const;
  };
  return trial({
    id: `group-${members}`,
    load,
    settings: members <= 100 ? ["fsync", "os"] : ["os"], // larger ones take long, and the table has 1,000 with fsync
    rounds: 2,
    seconds: 7.5 + members / 700, // a session of 6 s ends
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

function named(partitions: number): string {
  return partitions === 1 ? "1 partition" : `${partitions.toLocaleString("en")} partitions`;
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
