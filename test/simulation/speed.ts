/**
 * node --single-threaded-gc --max-semi-space-size=64 test/simulation/speed.ts [hours]: how many virtual hours a group
 * of ten members lives in an hour of one core; and beside each figure how long the yardstick took, just after it.
 */
import { newest } from "../../src/simulation/draw-plan.ts";
import { drawPlan, type Plan, unlimited } from "../../src/simulation/index.ts";
import { run } from "./support.ts";
import { yardstickMs } from "./yardstick.ts";

const hours = Number(process.argv[2] ?? 4);
/** Of each setting before anything is measured, so that V8 has compiled what runs often. */
const warmUpHours = 2;
const rightClock = { rate: 1, wallAheadMs: 0 };

/** Ten members with the defaults of the client, and a network and a disk as in one data centre. */
function tenMembers(lastingHours: number, heartbeatMaxWaitMs: number, faults: Plan["faults"]): Plan {
  const drawn = drawPlan(1);
  const member = {
    ...drawn.members[0]!,
    groupId: "g",
    groupInstanceId: null,
    assignors: ["cooperative-sticky"] as const,
  };
  const defaults = {
    topics: ["orders"],
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 3000,
    maxPollIntervalMs: 300_000,
    requestTimeoutMs: 30_000,
    commitIntervalMs: 5000,
    revokeMs: 0,
    metadataMaxAgeMs: 300_000,
    startsMs: 0,
    clock: rightClock,
    versions: newest,
  };
  return {
    ...drawn,
    topology: "alone",
    brokers: [rightClock],
    shards: 1,
    topics: [{ name: "orders", partitions: 20 }],
    members: Array.from({ length: 10 }, (_, index) => ({ ...member, ...defaults, name: `c${index}` })),
    producers: [],
    transactional: [],
    readCommitted: false,
    fetches: false,
    faults,
    initialRebalanceDelayMs: 3000,
    groupMaxSize: unlimited,
    offsetsRetentionMinutes: 10_080,
    heartbeatMaxWaitMs,
    segmentBytes: 1_048_576,
    network: { delayMs: 1, slowChance: 0, slowMs: 0, breakChance: 0 },
    disk: { typicalMs: 1, slowChance: 0, slowMs: 0 },
    flushIntervalMessages: 1,
    faultsEndMs: lastingHours * 3_600_000,
  };
}

/** Every minute somebody dies and comes back. */
function restless(lastingHours: number): Plan["faults"] {
  return Array.from({ length: lastingHours * 60 }, (_, minute) => {
    return { atMs: minute * 60_000 + 30_000, kind: "member dies", member: `c${minute % 10}`, backAfterMs: 2000 };
  });
}

const settings: readonly [string, (lastingHours: number) => Plan][] = [
  ["heartbeats that wait", (lasting) => tenMembers(lasting, 60_000, [])],
  ["heartbeats that wait, a member dies every minute", (lasting) => tenMembers(lasting, 60_000, restless(lasting))],
  ["heartbeats every 3 s", (lasting) => tenMembers(lasting, 0, [])],
];

async function measure(name: string, plan: Plan): Promise<void> {
  const start = process.cpuUsage();
  const { violation, virtualMs, events } = await run(plan);
  if (violation !== undefined) throw violation;
  const { user, system } = process.cpuUsage(start);
  const realMs = (user + system) / 1000; // of one core, however busy the machine is
  const perHour = Math.round(virtualMs / realMs);
  const perEvent = ((1000 * realMs) / events).toFixed(1);
  const yardstick = Math.round(yardstickMs());
  console.log(
    `${name}: ${perHour} group-hours in an hour, ${events} events of ${perEvent} µs; yardstick ${yardstick} ms`,
  );
}

for (const [, lasting] of settings) await run(lasting(warmUpHours));
for (const [name, lasting] of settings) await measure(name, lasting(hours));
