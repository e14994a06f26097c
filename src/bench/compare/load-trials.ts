/** What a broker does under load. */
import { peakBytes, residentBytes } from "../load/process.ts";
import { answersOnly, sync, together } from "./machine.ts";
import { type Figure, type OfMachine, type Trial, trial } from "./row.ts";

const both = ["fsync", "os"] as const;
/** Many short turns rather than few long ones: one slow moment of the disk is then one of many. */
const [rounds, window] = [5, { warmUpSeconds: 0.7, seconds: 1.5 }] as const;

const produced = (what: string, targets: NonNullable<Figure["targets"]>): Figure => {
  return { what, unit: "records/s", better: "more", targets };
};

const paced = { warmUpSeconds: 2, seconds: 3 } as const;
/** Before the first turn: the broker in memory has had no other load, and its code is still to be compiled. */
const rehearsed = { perSecond: 5000, warmUpSeconds: 0, seconds: 5 } as const;

function produce(id: string, valueBytes: number, figure: Figure): Trial {
  return trial({
    id,
    settings: both,
    rounds,
    seconds: 2.9,
    figures: { perSecond: figure },
    measure: async ({ server }, topic, run) => run("produce", { server, topic, valueBytes, ...window }),
  });
}

function consume(id: string, valueBytes: number, records: number, figure: Figure): Trial {
  const topic = `bench-${id}`;
  return trial({
    id,
    settings: ["os"],
    rounds,
    seconds: 2.9,
    figures: { perSecond: figure },
    measure: async ({ server }, _, run) => run("consume", { server, topic, valueBytes, records, ...window }),
  });
}

function commits(
  id: string,
  connections: number,
  figures: Trial<"perSecond" | "p99">["figures"],
  machine?: OfMachine,
): Trial {
  return trial({
    id,
    settings: both,
    rounds,
    seconds: 2.9,
    figures,
    ...(machine === undefined ? {} : { machine }),
    measure: async ({ server }, _, run) => run("commits", { server, topic: "bench-commits", connections, ...window }),
  });
}

function groups(id: string, members: number, settings: Trial["settings"]): Trial {
  const figure = (what: string): Figure => ({ what, unit: "ms", better: "less" });
  const targets = { fsync: { ratio: 0.5 }, os: { ratio: 0.5 } };
  return trial({
    id,
    settings,
    rounds: 3,
    seconds: members > 1000 ? 8 : 3,
    figures: {
      formedMs: { ...figure(`group of ${members} forms`), targets },
      joinedMs: figure(`one more than ${members} joins`),
      leftMs: { ...figure(`one of ${members} leaves`), ...(members === 1000 ? { targets } : {}) },
    },
    measure: async ({ server }, groupId, run) => run("groups", { server, groupId, members }),
  });
}

const underLoad: readonly Trial[] = [
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
    rounds,
    seconds: 7.5, // with its part of what the machine takes
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
    machine: together(sync, answersOnly(paced)),
    prepare: ({ server }, topic, run) => run("latency", { server, topic, ...rehearsed }),
    measure: async ({ server }, topic, run) => run("latency", { server, topic, ...paced }),
  }),
  commits(
    "commits-64",
    64,
    {
      perSecond: {
        what: "offset commits, 64 connections",
        unit: "commits/s",
        better: "more",
        targets: { fsync: { ratio: 5 }, os: { ratio: 2 } },
      },
      p99: { what: "offset commits, 64 connections, p99", unit: "ms", better: "less" },
    },
    sync,
  ),
  commits("commits-8", 8, {
    perSecond: { what: "offset commits, 8 connections", unit: "commits/s", better: "more" },
    p99: {
      what: "offset commits, 8 connections, p99",
      unit: "ms",
      better: "less",
      targets: { fsync: { ratio: 0.5 }, os: { ratio: 0.5 } },
    },
  }),
  groups("groups-1000", 1000, both),
  groups("groups-5000", 5000, ["os"]),
];

export const memoryLoaded: Trial = trial({
  id: "memory-loaded",
  settings: ["fsync", "os"],
  rounds: 1,
  seconds: 0.1,
  after: underLoad,
  figures: {
    megabytes: {
      what: "resident memory after all that load",
      unit: "MB",
      better: "less",
      targets: { fsync: { value: 250 }, os: { value: 250 } },
    },
    peak: { what: "… at its peak", unit: "MB", better: "less" },
  },
  measure: async ({ pid }) => ({ megabytes: residentBytes(pid) / 1e6, peak: peakBytes(pid) / 1e6 }),
});

export const loadTrials: readonly Trial[] = [...underLoad, memoryLoaded];
