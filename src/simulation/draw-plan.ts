/** From a seed to a world: every run picks its own mix of sizes, timings and faults. */
import type { AssignorName } from "./own-assignors.ts";
import { type Fault, type FaultKind, type Loss, type MemberPlan, type Plan, unlimited, type Versions } from "./plan.ts";
import { Random } from "./random.ts";
import { offsetsTopic, transactionsTopic } from "./topics.ts";

export const newest: Versions = {
  JoinGroup: 9,
  SyncGroup: 5,
  Heartbeat: 4,
  LeaveGroup: 5,
  OffsetCommit: 9,
  OffsetFetch: 9,
  FindCoordinator: 6,
  Fetch: 18,
};

export function drawPlan(seed: number): Plan {
  const random = new Random(seed).fork("plan");
  const topology = random.chance(0.6) ? "alone" : "shared";
  const topics = Array.from({ length: random.int(1, 3) }, (_, index) => ({
    name: ["orders", "bills", "parcels"][index]!,
    partitions: random.int(1, 6),
  }));
  const faultsEndMs = random.int(60, 420) * 1000;
  const shape = { random, topology, topics, faultsEndMs } as const;
  const members = drawMembers(shape);
  const brokers = Array.from({ length: topology === "alone" ? 1 : random.int(2, 3) }, () => drawClock(random));
  const shards = random.int(1, 3);
  const fetches = random.fork("fetches").chance(0.5);
  const flushIntervalMessages = random.fork("flush").chance(0.15) ? 10_000 : 1;
  return {
    seed,
    topology,
    brokers,
    shards,
    topics,
    members,
    initialRebalanceDelayMs: random.pick([0, 0, 500, 3000]),
    groupMaxSize: drawMaxSize(random.fork("size")),
    offsetsRetentionMinutes: random.chance(0.1) ? 2 : 10_080,
    heartbeatMaxWaitMs: random.chance(0.5) ? 60_000 : 0,
    segmentBytes: random.pick([1_048_576, 16_384]),
    network: drawNetwork(random),
    disk: drawDisk(random),
    flushIntervalMessages,
    fetches,
    readCommitted: random.fork("isolation").chance(0.5),
    transactional: drawTransactional(shape),
    producers: drawProducers(shape, fetches),
    faults: [
      ...drawFaults(shape, members, brokers.length, shards),
      ...drawOfTopics(shape, shards),
      ...drawOfTransactions(shape),
      ...drawTroubledEnds(shape),
      ...drawPowerFailures(shape, flushIntervalMessages),
    ].sort((a, b) => a.atMs - b.atMs),
    faultsEndMs,
  };
}

/** Now and then some members find no room in their group. */
function drawMaxSize(random: Random): number {
  return random.chance(0.1) ? random.int(1, 5) : unlimited;
}

interface Shape {
  readonly random: Random;
  readonly topology: Plan["topology"];
  readonly topics: Plan["topics"];
  readonly faultsEndMs: number;
}

function drawClock(random: Random) {
  const isRight = random.chance(0.6);
  return {
    rate: isRight ? 1 : random.between(0.97, 1.03),
    wallAheadMs: isRight ? 0 : random.int(-3_600_000, 3_600_000),
  };
}

function drawNetwork(random: Random): Plan["network"] {
  return {
    delayMs: random.pick([1, 5, 50]),
    slowChance: random.chance(0.5) ? 0 : 0.01,
    slowMs: random.pick([500, 5000]),
    breakChance: random.chance(0.5) ? 0 : random.pick([0.001, 0.01]),
  };
}

function drawDisk(random: Random): Plan["disk"] {
  return {
    typicalMs: random.pick([0.2, 2, 20]),
    slowChance: random.chance(0.7) ? 0 : 0.01,
    slowMs: random.pick([200, 3000]),
  };
}

const eager = ["range", "roundrobin", "sticky"] as const;
const own = ["by-weight", "by-weight-cooperative"] as const;

function drawAssignors(random: Random): readonly (readonly AssignorName[])[] {
  const kind = random.int(0, 3);
  if (kind <= 1) return [["cooperative-sticky"]];
  if (kind === 2) return [[random.pick(eager)]];
  // On the way from one to the other (KIP-429): the first and the second rolling restart.
  return random.chance(0.5)
    ? [["range"], ["range", "cooperative-sticky"]]
    : [["cooperative-sticky", "range"], ["cooperative-sticky"]];
}

function drawMembers({ random, topics, faultsEndMs }: Shape): MemberPlan[] {
  const members: MemberPlan[] = [];
  const groups = random.int(1, 2);
  for (let group = 1; group <= groups; group++) {
    const groupId = `group-${group}`;
    const isOwn = random.fork(`assignors ${groupId}`).chance(0.12);
    const standard = drawAssignors(random);
    const assignors: typeof standard = isOwn ? [[random.fork(groupId).pick(own)]] : standard;
    const sessionTimeoutMs = random.pick([6000, 10_000, 20_000]);
    const maxPollIntervalMs = random.pick([8000, 15_000, 40_000]);
    const count = random.int(1, 6);
    const staticShare = random.pick([0, 0, 0.5, 1]);
    for (let index = 1; index <= count; index++) {
      const name = `c${group}${index}`;
      const groupInstanceId = random.chance(staticShare) ? `i${group}${index}` : null;
      members.push({
        name,
        groupId,
        groupInstanceId,
        assignors: random.pick(assignors),
        topics: random.chance(0.8) ? topics.map((topic) => topic.name) : [random.pick(topics).name],
        sessionTimeoutMs,
        heartbeatIntervalMs: random.pick([1000, 2000, 3000]),
        maxPollIntervalMs,
        requestTimeoutMs: random.pick([3000, 10_000]),
        commitIntervalMs: random.pick([500, 2000, 5000]),
        revokeMs: random.pick([0, 0, 200, 2000]),
        metadataMaxAgeMs: random.pick([5000, 30_000]),
        startsMs: random.chance(0.6) ? random.int(0, 2000) : random.int(0, faultsEndMs),
        clock: drawClock(random),
        versions: drawVersions(random, groupInstanceId !== null),
      });
    }
  }
  return members;
}

const mostProducers = 8;

function drawProducers({ random, topics }: Shape, fetches: boolean): Plan["producers"] {
  if (fetches) return drawMoreProducers(random.fork("producers"), topics);
  return Array.from({ length: random.int(0, 3) }, (_, index) => {
    const { name: topic, partitions } = random.pick(topics);
    const partition = random.int(0, partitions - 1);
    return { name: `p${index + 1}`, topic, partition, intervalMs: random.pick([300, 1000, 5000]) };
  });
}

/** Where members fetch, there is something to fetch in most partitions. */
function drawMoreProducers(random: Random, topics: Plan["topics"]): Plan["producers"] {
  const some = partitionsOf(topics)
    .filter(() => random.chance(0.7))
    .slice(0, mostProducers);
  return some.map((to, index) => ({ name: `p${index + 1}`, ...to, intervalMs: random.pick([300, 1000, 5000]) }));
}

function drawTransactional({ random, topology, topics }: Shape): Plan["transactional"] {
  const own = random.fork("transactions");
  if (!own.chance(0.35)) return [];
  return Array.from({ length: own.int(1, 3) }, (_, index) => {
    const outputs = partitionsOf(topics).filter(() => own.chance(0.4));
    const [first] = partitionsOf(topics);
    return {
      name: `t${index + 1}`,
      transactionVersion: own.pick([0, 2]),
      timeoutMs: own.pick([3000, 15_000, 60_000]),
      outputs: outputs.length === 0 ? [first!] : outputs.slice(0, 5),
      // A marker for offsets goes to the coordinator of their group, and that is a broker that only the world knows.
      offsetsOf: own.chance(0.7) && topology === "alone" ? first! : null,
      commitChance: own.pick([0.5, 0.9]),
      intervalMs: own.pick([100, 1000, 5000]),
      pauseMs: own.pick([0, 50, 500, 5000]),
    };
  });
}

function partitionsOf(topics: Plan["topics"]) {
  return topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
  );
}

function drawVersions(random: Random, isStatic: boolean): Versions {
  if (random.chance(0.6)) return newest;
  return {
    JoinGroup: isStatic ? random.int(5, 9) : random.int(2, 9),
    SyncGroup: random.int(3, 5),
    Heartbeat: random.int(3, 4),
    LeaveGroup: random.int(isStatic ? 3 : 0, 5),
    OffsetCommit: random.int(7, 9),
    OffsetFetch: random.int(5, 9),
    FindCoordinator: random.int(1, 6),
    Fetch: random.fork("Fetch").int(4, 18),
  };
}

function drawFaults(shape: Shape, members: readonly MemberPlan[], brokers: number, shards: number): Fault[] {
  const { random, faultsEndMs } = shape;
  const rare = drawRare(random.fork("rare"), members, faultsEndMs);
  const kinds = kindsOf(shape, members, brokers, shards).filter(() => random.chance(0.5));
  if (kinds.length === 0) return rare;
  const count = random.int(0, Math.ceil(faultsEndMs / 10_000));
  const faults = Array.from({ length: count }, () => {
    return { atMs: random.int(2000, faultsEndMs - 1000), ...random.pick(kinds)() };
  });
  return [...faults, ...rare];
}

/** What static members do to a cooperative group only when several things meet. */
function drawRare(random: Random, members: readonly MemberPlan[], faultsEndMs: number): Fault[] {
  const some = members.filter(({ groupInstanceId }) => groupInstanceId !== null && random.chance(0.3));
  return some.map(({ name }) => {
    const backAfterMs = random.int(500, 4000);
    return { atMs: random.int(0, faultsEndMs), kind: "member dies giving up", member: name, backAfterMs };
  });
}

/** What befalls topics, the leaders of their partitions, and the log that brokers share. */
function drawOfTopics({ random, topics, topology, faultsEndMs }: Shape, shards: number): Fault[] {
  const own = random.fork("topics");
  const aTopic = () => own.pick(topics);
  const kinds: Draw[] = [];
  if (own.chance(0.15)) {
    const backAfterMs = own.pick([0, 500, 10_000]);
    kinds.push(() => ({ kind: "topic is deleted", topic: aTopic().name, backAfterMs }));
  }
  if (own.chance(0.3)) {
    kinds.push(() => {
      const { name, partitions } = aTopic();
      return { kind: "partition is led anew", topic: name, partition: own.int(0, partitions - 1) };
    });
    const partition = own.int(0, shards - 1);
    if (topology === "alone") kinds.push(() => ({ kind: "partition is led anew", topic: offsetsTopic, partition }));
  }
  if (topology === "shared" && own.chance(0.3)) {
    const loses = (): Loss => own.pick(["nothing", "unsynced", "some"]);
    kinds.push(() => ({ kind: "storage crashes", loses: loses(), backAfterMs: own.pick([10, 2000, 15_000]) }));
  }
  if (kinds.length === 0) return [];
  return Array.from({ length: own.int(1, 4) }, () => ({ atMs: own.int(2000, faultsEndMs), ...own.pick(kinds)() }));
}

function drawOfTransactions(shape: Shape): Fault[] {
  const own = shape.random.fork("faults of transactions");
  return drawTransactional(shape).flatMap(({ name: producer }) =>
    Array.from({ length: own.int(0, 4) }, () => {
      const backAfterMs = own.chance(0.9) ? own.pick([0, 1000, 20_000]) : null;
      const kinds: FaultKind[] = [
        { kind: "partition is led anew", topic: transactionsTopic, partition: own.int(0, 1) },
        { kind: "transactional producer dies", producer, backAfterMs },
        { kind: "transactional producer is doubled", producer },
        { kind: "transactional producer stalls", producer, forMs: own.pick([1000, 10_000, 30_000]) },
      ];
      return { atMs: own.int(2000, shape.faultsEndMs), ...own.pick(kinds) };
    }),
  );
}

function drawTroubledEnds(shape: Shape): Fault[] {
  const own = shape.random.fork("troubled ends");
  if (!own.chance(0.3) || drawTransactional(shape).length === 0) return [];
  const forMs = own.pick([1000, 10_000, 60_000]);
  return [{ atMs: own.int(2000, shape.faultsEndMs - 1000), kind: "ends of transactions are troubled", forMs }];
}

/** Where appends wait for the disk, brokers die with their power. */
function drawPowerFailures({ random, topology, faultsEndMs }: Shape, flushIntervalMessages: number): Fault[] {
  if (topology === "shared" || flushIntervalMessages === 1) return [];
  const own = random.fork("power");
  return Array.from({ length: own.int(1, 8) }, () => {
    return {
      atMs: own.int(2000, faultsEndMs),
      kind: "power might fail",
      loses: own.pick(["unsynced", "some"] as const),
    };
  });
}

type Draw = () => FaultKind;

function kindsOf({ random, topology, topics }: Shape, members: readonly MemberPlan[], brokers: number, shards: number) {
  const member = () => random.pick(members).name;
  const broker = () => random.int(1, brokers);
  const aWhileMs = () => random.pick([500, 3000, 10_000, 30_000, 60_000]);
  const backAfterMs = () => (random.chance(0.8) ? random.pick([100, 2000, 15_000, 40_000]) : null);
  const loses = (): Loss => random.pick(["nothing", "unsynced", "some"]);
  const some = () => topics.filter(() => random.chance(0.5)).map(({ name }) => name);
  const draws: Draw[] = [
    () => ({ kind: "member dies", member: member(), backAfterMs: backAfterMs() }),
    () => ({ kind: "member closes", member: member(), backAfterMs: backAfterMs() }),
    () => ({ kind: "member stalls", member: member(), forMs: aWhileMs() }),
    () => ({ kind: "member is busy", member: member(), forMs: aWhileMs() }),
    () => ({ kind: "callback hangs", member: member(), forMs: aWhileMs() }),
    () => ({ kind: "subscription changes", member: member(), topics: some() }),
    () => ({ kind: "twin starts", member: member(), forMs: aWhileMs() }),
    () => ({ kind: "broker dies", broker: broker(), loses: loses(), backAfterMs: random.pick([100, 3000, 20_000]) }),
    () => ({ kind: "broker dies", broker: broker(), loses: loses(), backAfterMs: random.pick([100, 1000]) }),
    () => ({ kind: "broker stops", broker: broker(), backAfterMs: random.pick([100, 3000]) }),
    () => ({ kind: "broker stalls", broker: broker(), forMs: aWhileMs() }),
    () => ({
      kind: "broker is cut off",
      broker: broker(),
      from: random.chance(0.5) ? null : member(),
      forMs: aWhileMs(),
    }),
    () => ({ kind: "connections break", broker: broker() }),
    () => ({ kind: "clock jumps", broker: broker(), byMs: random.int(-7_200_000, 7_200_000) }),
    () => ({ kind: "partitions are added", topic: random.pick(topics).name }),
    () => ({ kind: "admin removes", member: member() }),
    () => ({ kind: "offsets are reset", groupId: random.pick(members).groupId, topic: random.pick(topics).name }),
    () => ({ kind: "offsets are read", groupId: random.pick(members).groupId }),
    () => ({ kind: "group is deleted", groupId: random.pick(members).groupId }),
  ];
  if (topology === "alone") draws.push(() => ({ kind: "disk fails", broker: 1, afterWrites: random.int(1, 5) }));
  else {
    draws.push(
      () => ({ kind: "append fails" }),
      () => ({ kind: "leadership moves", shard: random.int(0, shards - 1), heardAfterMs: aWhileMs() }),
      () => ({ kind: "leadership moves", shard: random.int(0, shards - 1), heardAfterMs: random.int(0, 500) }),
    );
  }
  return draws;
}
