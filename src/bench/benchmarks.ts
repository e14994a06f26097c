import type { LoadName } from "./load/loads.ts";

/** Programs of this folder. */
const programs = {
  compare: "regroup beside Apache Kafka (--against kafka) on this machine: the rows of docs/performance.md",
  protocol: "what messages cost to read and write: generated code, code by hand, interpreters",
  records: "what the broker's check of record batches costs, and what a record costs to encode and decode",
  log: "the file engine: acknowledgements by partitions that share a commit, start-up, recovery after a kill",
  assignment: "what the assignors cost; with --java beside Kafka's own",
  group: "what groups of 10,000 members cost, and 100,000 groups, in time and memory",
  client: "the client beside kafkajs and @platformatic/kafka, on any broker (--bootstrap-server)",
  memory: "does the client's memory grow? On any broker (--bootstrap-server), for as long as you say (--seconds)",
  pauses: "how long partitions stand still while members come and go, on any broker (--bootstrap-server)",
  "groups-cli": "how long a call of `regroup groups …` takes, beside Kafka's own tool where Java is there",
  "command-line": "how long calls of the command line take, from source and as npm installs it",
};

/** Loads of load/, which load.ts runs on any broker (--bootstrap-server). */
const loads: Readonly<Record<LoadName, string>> = {
  produce: "a load: records and megabytes a second, by size, partitions, acks and compression",
  consume: "a load: records and megabytes a second, by size, partitions and compression",
  latency: "a load: from when a record was meant to be sent to when it is consumed, at a fixed rate",
  commits: "a load: offset commits a second, and how long one takes, by connections, partitions and groups",
  groups: "a load: how long a group of many members takes to form, when one joins, leaves or dies (--crash)",
  transactions: "a load: transactions a second, and how long a commit takes",
  connections: "a load: what idle connections cost the broker (--pid)",
};

/** The benchmarks by name, each a program: `npm run bench -- name`, `regroup bench name`. */
export const benchmarks: Readonly<Record<string, string>> = { ...programs, ...loads };

/** The file to run, seen from the repository's root, and what its arguments begin with. */
export function programOf(name: string): string[] {
  return Object.hasOwn(loads, name) ? ["src/bench/load.ts", name] : [`src/bench/${name}.ts`];
}
