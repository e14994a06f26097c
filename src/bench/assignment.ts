/**
 * What the assignors cost, in CPU time of the whole process; with --java beside Kafka's own, asked in turn with ours.
 *
 *     node src/bench/assignment.ts [--java] [--only part-of-a-row]
 */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ClusterTopics, GroupMember } from "../assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../assignment/standard-assignors.ts";
import { nodePlatform } from "../platform/node-platform.ts";
import { installUtf8 } from "../protocol/utf8.ts";
import { readFlags } from "./flags.ts";

installUtf8(nodePlatform);

interface Case {
  readonly what: string;
  readonly members: number;
  readonly topics: number;
  readonly partitions: number;
  /** Every other member subscribes to only so many topics; 0: all to all. */
  readonly narrow: number;
  /** So many leave after everybody got something. */
  readonly leavers: number;
  readonly assignors: readonly StandardAssignorName[];
  /** So many before the clock is read again; and samples of that. */
  readonly runs: number;
  readonly samples: number;
  /** Of Java's CPU time. */
  readonly target: number;
}

const four = ["range", "roundrobin", "sticky", "cooperative-sticky"] as const;
const stickyOnes = ["sticky", "cooperative-sticky"] as const;
const plain = { members: 1000, topics: 100, partitions: 50, narrow: 0, leavers: 0, runs: 50, samples: 9, target: 1 };
const cases: readonly Case[] = [
  { ...plain, what: "1,000 members, 100 topics of 50", assignors: four },
  { ...plain, what: "1,000 members, after one left", leavers: 1, assignors: stickyOnes },
  {
    what: "a million partitions, one of 2,000 left",
    members: 2000,
    topics: 1000,
    partitions: 1000,
    narrow: 0,
    leavers: 1,
    assignors: stickyOnes,
    runs: 1,
    samples: 3,
    target: 1,
  },
  {
    ...plain,
    what: "half of 1,000 take 10 of 100 topics",
    narrow: 10,
    runs: 5,
    samples: 5,
    target: 0.2,
    assignors: stickyOnes,
  },
  {
    ...plain,
    what: "half of 1,000, after one left",
    narrow: 10,
    leavers: 1,
    runs: 5,
    samples: 5,
    target: 0.2,
    assignors: stickyOnes,
  },
];

/** New strings at each call, as after decoding. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(`orders-of-region-${String(index).padStart(4, "0")}`).toString("latin1"),
  );
}

function memberId(index: number): string {
  const mixed = (Math.imul(index, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `consumer-billing-1-${mixed}-7a40-4d1b-9c55-0f2b8e6d7a31`;
}

function clusterOf({ topics, partitions }: Case): ClusterTopics {
  return new Map(names(topics).map((topic) => [topic, { partitionCount: partitions }]));
}

function groupOf({ members, topics, narrow }: Case): GroupMember[] {
  return Array.from({ length: members }, (_, index) => ({
    memberId: memberId(index),
    groupInstanceId: null,
    subscription: {
      topics: names(index % 2 === 0 || narrow === 0 ? topics : narrow),
      userData: null,
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    },
  }));
}

/** Everybody got something in generation 1; then these left, and the others join again. */
function afterLeaving(
  name: StandardAssignorName,
  cluster: ClusterTopics,
  group: readonly GroupMember[],
  leavers: number,
): GroupMember[] {
  const before = standardAssignors[name]().assign(cluster, group);
  return group.slice(leavers).map((member) => {
    const assignment = before.get(member.memberId)!;
    const assignor = standardAssignors[name]();
    assignor.onAssignment(assignment, 1);
    const userData = assignor.subscriptionUserData(member.subscription.topics);
    const ownedPartitions = name === "cooperative-sticky" ? assignment.assignedPartitions : [];
    return { ...member, subscription: { ...member.subscription, userData, ownedPartitions, generationId: 1 } };
  });
}

let sink: unknown;

function prepare(each: Case, name: StandardAssignorName): () => Promise<number> {
  const cluster = clusterOf(each);
  const all = groupOf(each);
  const group = each.leavers === 0 ? all : afterLeaving(name, cluster, all, each.leavers);
  return async () => {
    const before = process.cpuUsage();
    for (let run = 0; run < each.runs; run++) sink = standardAssignors[name]().assign(cluster, group);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / each.runs;
  };
}

function startJava(): { ask: (each: Case, name: string) => Promise<number>; stop: () => void } {
  const classpath = execFileSync("test/kafka/kafka", ["classpath"], { encoding: "utf8" }).trim();
  const java = spawn("java", ["-Xmx3g", "-cp", classpath, "src/bench/Assignors.java"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const answers = createInterface({ input: java.stdout })[Symbol.asyncIterator]();
  return {
    ask: async ({ members, topics, partitions, narrow, leavers, runs }, name) => {
      java.stdin.write(`${[members, topics, partitions, narrow, leavers, name, runs].join(" ")}\n`);
      const { value } = await answers.next();
      return Number(value);
    },
    stop: () => java.stdin.end(),
  };
}

/** The first half of the samples only warms up. */
async function medians(ways: readonly (() => Promise<number>)[], samples: number): Promise<number[]> {
  const taken = ways.map((): number[] => []);
  for (let round = 0; round < 2 * samples; round++) {
    for (const [index, way] of ways.entries()) taken[index]!.push(await way());
  }
  return taken.map((each) => each.slice(samples).sort((a, b) => a - b)[samples >> 1]!);
}

const flags = readFlags({ java: { type: "boolean", default: false }, only: { type: "string", default: "" } });
const java = flags.java ? startJava() : undefined;
console.log("CPU milliseconds".padEnd(62), "regroup     Java    ratio  target");
for (const each of cases.filter(({ what }) => what.includes(flags.only))) {
  for (const name of each.assignors) {
    const ways = [prepare(each, name)];
    if (java !== undefined) ways.push(() => java.ask(each, name));
    const [ours, theirs] = await medians(ways, each.samples);
    const cells = [ours!.toFixed(2).padStart(9)];
    if (theirs !== undefined) cells.push(theirs.toFixed(2).padStart(9), (ours! / theirs).toFixed(2).padStart(7));
    console.log(`${each.what.padEnd(40)} ${name.padEnd(20)}`, cells.join(" "), ` ≤ ${each.target}`);
  }
}
java?.stop();
void sink;
