/** What a broker does under load. */
import { runLoad } from "../load/loads.ts";
import { residentBytes } from "../load/process.ts";
import { type Figure, type Trial, trial } from "./row.ts";

const both = ["fsync", "os"] as const;

const produced = (what: string, targets: NonNullable<Figure["targets"]>): Figure => {
  return { what, unit: "records/s", better: "more", targets };
};

function produce(id: string, valueBytes: number, figure: Figure): Trial {
  return trial({
    id,
    settings: both,
    rounds: 3,
    figures: { perSecond: figure },
    measure: async ({ server }, topic) => runLoad("produce", { server, topic, valueBytes, seconds: 2 }),
  });
}

function consume(id: string, valueBytes: number, records: number, figure: Figure): Trial {
  const topic = `bench-${id}`;
  return trial({
    id,
    settings: ["os"],
    rounds: 3,
    figures: { perSecond: figure },
    measure: async ({ server }) => runLoad("consume", { server, topic, valueBytes, records, seconds: 2 }),
  });
}

function commits(id: string, connections: number, figures: Trial<"perSecond" | "p99">["figures"]): Trial {
  return trial({
    id,
    settings: both,
    rounds: 3,
    figures,
    measure: async ({ server }) => runLoad("commits", { server, topic: "bench-commits", connections, seconds: 2 }),
  });
}

function groups(id: string, members: number, settings: Trial["settings"]): Trial {
  const figure = (what: string): Figure => {
    return { what, unit: "ms", better: "less", targets: { fsync: { ratio: 0.5 }, os: { ratio: 0.5 } } };
  };
  return trial({
    id,
    settings,
    rounds: 3,
    figures: {
      formedMs: figure(`group of ${members} forms`),
      joinedMs: { ...figure(`one more than ${members} joins`), targets: {} },
      leftMs: figure(`one of ${members} leaves`),
    },
    measure: async ({ server }, groupId) => runLoad("groups", { server, groupId, members }),
  });
}

/** How many there are at most, and how long a commit takes when there are few. */
function transactions(partitions: number, records: number): Trial {
  const what = `transactions, ${partitions} partitions, ${records} records each`.replace(/\b1 (\w+)s\b/g, "1 $1");
  const asKafka = { fsync: { ratio: 1 }, os: { ratio: 1 } };
  return trial({
    id: `transactions-${partitions}x${records}`,
    settings: both,
    rounds: 3,
    figures: {
      perSecond: { what, unit: "transactions/s", better: "more", targets: asKafka },
      p99: { what: `${what}: commit, p99 at 20/s`, unit: "ms", better: "less", targets: asKafka },
    },
    measure: async ({ server }, topic) => {
      const options = { server, partitions, records };
      const { perSecond } = await runLoad("transactions", { ...options, topic, producers: 4, seconds: 2 });
      const { p99 } = await runLoad("transactions", { ...options, topic: `${topic}-few`, rate: 20, seconds: 5 });
      return { perSecond, p99 };
    },
  });
}

export const loadTrials: readonly Trial[] = [
  produce(
    "produce-1k",
    1000,
    produced("produce 1 KB, acks=all, 4 partitions", { fsync: { ratio: 2 }, os: { ratio: 1 } }),
  ),
  produce(
    "produce-100",
    100,
    produced("produce 100 B, acks=all, 4 partitions", { fsync: { ratio: 1.2 }, os: { ratio: 1 } }),
  ),
  consume("consume-1k", 1000, 200_000, produced("consume 1 KB", { os: { ratio: 1 } })),
  consume("consume-100", 100, 2_000_000, produced("consume 100 B", { os: { ratio: 1 } })),
  trial({
    id: "latency",
    settings: ["fsync", "os", "memory"],
    rounds: 3,
    figures: {
      p50: { what: "end to end at 1,000/s, p50", unit: "ms", better: "less" },
      p99: {
        what: "end to end at 1,000/s, p99",
        unit: "ms",
        better: "less",
        targets: { fsync: { ratio: 0.25 }, os: { ratio: 0.5 }, memory: { value: 1 } },
      },
      p999: { what: "end to end at 1,000/s, p99.9", unit: "ms", better: "less" },
    },
    measure: async ({ server }, topic) => runLoad("latency", { server, topic, seconds: 4 }),
  }),
  commits("commits-64", 64, {
    perSecond: {
      what: "offset commits, 64 connections",
      unit: "commits/s",
      better: "more",
      targets: { fsync: { ratio: 5 }, os: { ratio: 2 } },
    },
    p99: { what: "offset commits, 64 connections, p99", unit: "ms", better: "less" },
  }),
  commits("commits-8", 8, {
    perSecond: { what: "offset commits, 8 connections", unit: "commits/s", better: "more" },
    p99: {
      what: "offset commits, 8 connections, p99",
      unit: "ms",
      better: "less",
      targets: { fsync: { ratio: 0.5 }, os: { ratio: 0.5 } },
    },
  }),
  transactions(1, 1),
  transactions(1, 100),
  transactions(10, 1),
  transactions(10, 100),
  groups("groups-1000", 1000, both),
  groups("groups-5000", 5000, ["os"]),
  trial({
    id: "memory-loaded",
    settings: ["fsync", "os"],
    rounds: 1,
    figures: {
      megabytes: {
        what: "resident memory after all that load",
        unit: "MB",
        better: "less",
        targets: { fsync: { value: 250 }, os: { value: 250 } },
      },
    },
    measure: async ({ pid }) => ({ megabytes: residentBytes(pid) / 1e6 }),
  }),
  trial({
    id: "connections",
    settings: ["fsync"],
    rounds: 1,
    figures: {
      kilobytesEach: { what: "10,000 idle connections, memory for each", unit: "KB", better: "less" },
      cpuPercent: { what: "10,000 idle connections, of one core", unit: "%", better: "less" },
    },
    measure: async ({ server, pid }) => runLoad("connections", { server, pid }),
  }),
];
