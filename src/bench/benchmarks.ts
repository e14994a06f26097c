/** The benchmarks of this folder, each a program of its own: `npm run bench -- name`, `regroup bench name`. */
export const benchmarks: Readonly<Record<string, string>> = {
  compare: "regroup beside Apache Kafka (--against kafka) on this machine, the rows of docs/performance.md",
  protocol: "what messages cost to read and write: generated code, code by hand, interpreters",
  records: "what the broker's check of record batches costs, and what a record costs to encode and decode",
  log: "the file engine: acknowledgements by partitions that share a commit, start-up, recovery after a kill",
  assignment: "what the assignors cost; with --java beside Kafka's own",
  group: "what groups of 10,000 members cost, and 100,000 groups, in time and memory",
  load: "produce, consume, latency, commits, groups, transactions or connections, on any broker",
  client: "the client beside kafkajs and @platformatic/kafka, on any broker (--bootstrap-server)",
  memory: "does the client's memory grow? On any broker (--bootstrap-server), for as long as you say (--seconds)",
  pauses: "how long partitions stand still while members come and go, on any broker (--bootstrap-server)",
  "groups-cli": "how long a call of `regroup groups …` takes, beside Kafka's own tool where Java is there",
  "command-line": "how long calls of the command line take, from source and as npm installs it",
};
