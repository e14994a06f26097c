/** What a user reads of loads: what their options mean, and what their figures are called. */
import { compressionCodecs } from "../../protocol/platform.ts";
import type { LoadName } from "./loads.ts";

/** By option; of one that loads understand differently, by load and option. */
const meanings: Readonly<Record<string, string>> = {
  bootstrapServer: "host:port of the broker to measure; without it one of regroup's is started",
  topic: "name of the topic, made where it is missing; without it a new one, which is deleted at the end",
  "consume topic": "one that holds the records already is not filled again; without it a new one, deleted at the end",
  "latency topic": "has to be new, and stays; without it one is made, and deleted at the end",
  partitions: "of the topic",
  "commits partitions": "of the topic, all in each commit",
  "transactions partitions": "of the topic; each transaction writes to all of them",
  valueBytes: "bytes of a record's value",
  batchBytes: "bytes of a batch, before compression",
  perRequest: "partitions that one request has a batch for",
  connections: "connections at the same time",
  inFlight: "requests that a connection sends ahead of their answers",
  acks: "1 (the leader has written it) or all (all in-sync replicas have)",
  compression: `of batches: ${compressionCodecs.join(", ")}`,
  warmUpSeconds: "seconds of the same load before the clock starts",
  seconds: "seconds that are measured",
  "produce records": "ends earlier, when so many records are acknowledged",
  "consume records": "records that the topic is filled with before the clock starts",
  "transactions records": "records of a transaction in each partition",
  maxBytes: "bytes of one partition that a fetch asks for at most",
  perSecond: "records a second, sent when they are due",
  groups: "groups that the connections commit for, in turn",
  groupId: "name of the group; without it a new one",
  members: "members of the group, each with a connection of its own",
  crash: "also kills a member, and waits 6 s until its session ends",
  producers: "transactional producers, each with a connection of its own",
  rate: "transactions that each producer begins in a second, if it can; 0: one after the other",
  pid: "process id of the broker, on this machine",
  count: "connections that are opened and left alone",
};

export function meaningOf(load: LoadName, option: string): string | undefined {
  return meanings[`${load} ${option}`] ?? meanings[option];
}

/** What else there is to know of a load. */
export const notes: Partial<Readonly<Record<LoadName, string>>> = {
  groups:
    "A broker holds the first rebalance of a group back for group.initial.rebalance.delay.ms (3000 by default),\n" +
    "and again when members came meanwhile. 'formed ms' has that wait in it, 'joined ms' and 'left ms' have not.\n" +
    "Start the broker with -o group.initial.rebalance.delay.ms=0 to measure the group alone.\n",
};

const counted: Partial<Readonly<Record<LoadName, string>>> = {
  produce: "records",
  consume: "records",
  commits: "commits",
  transactions: "transactions",
};

/** Of figures that are not called for what they are, `p50` for milliseconds. */
export function figureName(load: LoadName, figure: string): string {
  if (figure === "perSecond") return `${counted[load]}/s`;
  if (figure === "megabytesPerSecond") return "MB/s";
  if (figure === "p999") return "p99.9 ms";
  if (/^p\d+$/.test(figure)) return `${figure} ms`;
  if (figure === "kilobytesEach") return "KB each";
  if (figure === "cpuPercent") return "% of a core";
  return figure.replace(/Ms$/, " ms");
}
