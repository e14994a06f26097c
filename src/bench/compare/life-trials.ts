/** What a broker costs to start, to have, and to start again with much in it. */
import { setTimeout as pause } from "node:timers/promises";
import { untilMetadata, untilOffset } from "../load/first-answer.ts";
import { nowMs } from "../load/latencies.ts";
import type { RunLoad } from "../load/loads.ts";
import { manyGroups, nameOfGroup } from "../load/many-groups.ts";
import { cpuMs, residentBytes } from "../load/process.ts";
import { median } from "../median.ts";
import { Party } from "../pauses/party.ts";
import { memoryLoaded } from "./load-trials.ts";
import { nodeStart } from "./machine.ts";
import { type Measured, type OfMachine, type Trial, trial } from "./row.ts";

const groupCount = 10_000;
const topicOfGroups = "bench-groups";

async function startedAgain(broker: Measured, until: (sinceMs: number) => Promise<number>): Promise<number> {
  await broker.stop();
  return answering(broker, until);
}

async function answering(broker: Measured, until: (sinceMs: number) => Promise<number>): Promise<number> {
  const sinceMs = nowMs();
  await broker.startAgain();
  return until(sinceMs);
}

function start(id: string, what: string, ownBrokers: "packaged" | "source", value: number, machine?: OfMachine): Trial {
  return trial({
    id,
    settings: ["fsync"],
    ...(ownBrokers === "source" ? { products: ["regroup"] } : {}),
    ownBrokers,
    rounds: 7,
    seconds: ownBrokers === "source" ? 0.7 : 4,
    ...(machine === undefined ? {} : { machine }),
    figures: { ms: { what, unit: "ms", better: "less", targets: { fsync: { value } } } },
    measure: async (broker) => ({ ms: await startedAgain(broker, (sinceMs) => untilMetadata(broker.server, sinceMs)) }),
  });
}

/** CPU time of the broker for each record. */
async function costOfRecords(broker: Measured, topic: string, partitions: number, run: RunLoad) {
  const before = cpuMs(broker.pid);
  const load = { partitions, valueBytes: 1000, batchBytes: 4096, perRequest: 10, warmUpSeconds: 0, seconds: 3 };
  const { perSecond } = await run("produce", { server: broker.server, topic, ...load });
  return { perSecond, cpuMicros: ((cpuMs(broker.pid) - before) * 1000) / (perSecond * load.seconds) };
}

/** Produces to 10,000 partitions against produces to 10, one after the other. */
async function costOfMany(broker: Measured, name: string, run: RunLoad) {
  const few = await costOfRecords(broker, `${name}-few`, 10, run);
  const many = await costOfRecords(broker, `${name}-many`, 10_000, run);
  return { cpu: many.cpuMicros / few.cpuMicros, time: few.perSecond / many.perSecond };
}

export const lifeTrials: readonly Trial[] = [
  start("start", "start to first metadata answer", "packaged", 120, nodeStart),
  start("start-source", "start to first metadata answer, from source", "source", 400),
  trial({
    id: "memory-idle",
    settings: ["fsync"],
    ownBrokers: "packaged",
    rounds: 1,
    seconds: 3,
    figures: {
      megabytes: { what: "resident memory idle", unit: "MB", better: "less", targets: { fsync: { value: 75 } } },
    },
    measure: async ({ pid }) => {
      await pause(3000);
      return { megabytes: residentBytes(pid) / 1e6 };
    },
  }),
  trial({
    id: "restart-groups",
    settings: ["os"],
    ownBrokers: "packaged",
    rounds: 3,
    seconds: 16,
    figures: {
      ms: {
        what: "restart with 10,000 groups until an offset is answered",
        unit: "ms",
        better: "less",
        targets: { os: { ratio: 0.2 } },
      },
      killedMs: { what: "… killed, and started again", unit: "ms", better: "less" },
    },
    prepare: ({ server }) => manyGroups(server, topicOfGroups, groupCount),
    measure: async (broker) => {
      const group = nameOfGroup(groupCount - 1);
      const answered = (sinceMs: number) => untilOffset(broker.server, group, topicOfGroups, sinceMs);
      const ms = await startedAgain(broker, answered);
      await broker.kill();
      return { ms, killedMs: await answering(broker, answered) };
    },
  }),
  trial({
    id: "partitions",
    settings: ["fsync", "os"],
    products: ["regroup"],
    ownBrokers: "packaged",
    rounds: 1,
    seconds: 30,
    figures: {
      cpu: {
        what: "10,000 partitions against 10: CPU for each record",
        unit: "times",
        better: "less",
        targets: { fsync: { value: 2 }, os: { value: 2 } },
      },
      time: { what: "10,000 partitions against 10: time for each record", unit: "times", better: "less" },
      firstCpu: {
        what: "… in the 3 s that make folders and files: CPU for each record",
        unit: "times",
        better: "less",
      },
    },
    measure: async (broker, name, run) => {
      await run("produce", { server: broker.server, topic: `${name}-many`, partitions: 10_000, seconds: 0 });
      const first = await costOfMany(broker, name, run);
      const later = [await costOfMany(broker, name, run), await costOfMany(broker, name, run)];
      return {
        cpu: median(later.map(({ cpu }) => cpu)),
        time: median(later.map(({ time }) => time)),
        firstCpu: first.cpu,
      };
    },
  }),
  trial({
    id: "connections",
    settings: ["fsync"],
    ownBrokers: "packaged",
    rounds: 1,
    seconds: 10,
    figures: {
      kilobytesEach: {
        what: "10,000 idle connections, memory for each (Kafka: of its heap)",
        unit: "KB",
        better: "less",
        isUnlike: true,
      },
      cpuPercent: { what: "10,000 idle connections, of one core", unit: "%", better: "less" },
    },
    measure: async ({ server, pid }, _, run) => run("connections", { server, pid }),
  }),
  // Its brokers have been left alone while those above had theirs.
  trial({
    id: "memory-later",
    settings: ["fsync", "os"],
    rounds: 1,
    seconds: 5,
    after: [memoryLoaded],
    idleMs: 150_000,
    figures: { megabytes: { what: "resident memory 150 s after that or later, idle", unit: "MB", better: "less" } },
    measure: async ({ pid }) => ({ megabytes: residentBytes(pid) / 1e6 }),
  }),
  trial({
    id: "cooperative",
    settings: ["fsync"],
    rounds: 3,
    seconds: 20,
    figures: {
      movedMs: {
        what: "cooperative rebalance as one of 5 joins, 32 partitions: moved",
        unit: "ms",
        better: "less",
        targets: { fsync: { value: 60 } },
      },
      stayedMs: { what: "… stayed: late by", unit: "ms", better: "less" },
      quietMs: { what: "… nothing happens: late by", unit: "ms", better: "less" },
    },
    measure: async ({ server }, name) => {
      await using party = await Party.open(server, name, 4);
      const calmMs = 7000; // after a rebalance heartbeats come early for 6 s
      await pause(calmMs);
      const quiet = await party.quiet();
      const { moved, stayed } = await party.join();
      return { movedMs: median(moved), stayedMs: median(stayed), quietMs: median(quiet.stayed) };
    },
  }),
];
