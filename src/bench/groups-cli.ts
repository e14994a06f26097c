/**
 * How long one call of the command line takes, from the shell's view: `regroup groups …` beside Kafka's
 * kafka-consumer-groups where the kit of test/kafka can run (Java). One broker of ours, one group with 6 partitions,
 * one with 1,000, and a thousand small groups.
 *
 *     npm run bench -- groups-cli [--calls 11]
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Kafka } from "../client/kafka.ts";
import { numberOf, readFlags } from "./flags.ts";
import { startBroker } from "./start-broker.ts";

const calls = numberOf("calls", readFlags({ calls: { type: "string", default: "11" } }).calls);
const launcher = join(import.meta.dirname, "../../bin/regroup.js");
const kit = join(import.meta.dirname, "../../test/kafka/kafka");

const { port, process: broker } = await startBroker(["--ephemeral"]);
const server = `127.0.0.1:${port}`;
try {
  await makeGroups();
  const ours = (line: string) => [process.execPath, launcher, ...line.split(" "), "--bootstrap-server", server];
  const theirs = (line: string) => [kit, "consumer-groups", "--bootstrap-server", server, ...line.split(" ")];
  const hasJava = spawnSync("java", ["-version"]).status === 0;
  for (const [ourLine, theirLine] of [
    ["groups list", "--list"],
    ["groups describe small", "--describe --group small"],
    ["groups members small", "--describe --group small --members"],
    ["groups state small", "--describe --group small --state"],
    [
      "groups reset-offsets small --topic small --to-earliest",
      "--reset-offsets --group small --topic small --to-earliest --dry-run",
    ],
    ["kafka-consumer-groups --describe --group small", "--describe --group small"],
    ["groups describe wide", "--describe --group wide"],
    ["groups describe --match many-.* --offsets", undefined],
  ] as const) {
    report(`regroup ${ourLine}`, ours(ourLine));
    if (theirLine !== undefined && hasJava) report(`  kafka-consumer-groups.sh ${theirLine}`, theirs(theirLine));
  }
} finally {
  broker.kill();
}

async function makeGroups(): Promise<void> {
  await using admin = new Kafka({ bootstrapServers: server }).admin();
  await admin.createTopics([
    { topic: "small", numPartitions: 6 },
    { topic: "wide", numPartitions: 1000 },
  ]);
  const offsets = (topic: string, count: number) => {
    return Array.from({ length: count }, (_, partition) => ({ topic, partition, offset: 0 }));
  };
  await admin.alterGroupOffsets("small", offsets("small", 6));
  await admin.alterGroupOffsets("wide", offsets("wide", 1000));
  const many = Array.from({ length: 1000 }, (_, n) => admin.alterGroupOffsets(`many-${n}`, offsets("small", 6)));
  await Promise.all(many);
}

function report(name: string, [command, ...args]: readonly string[]): void {
  const wallMs = Array.from({ length: calls }, () => {
    const startedMs = performance.now();
    const { status, stderr } = spawnSync(command!, args, { stdio: ["ignore", "ignore", "pipe"] });
    if (status !== 0) throw new Error(`${name}: exit ${status}\n${stderr}`);
    return performance.now() - startedMs;
  }).sort((a, b) => a - b);
  const [least, median, most] = [wallMs[0]!, wallMs[calls >> 1]!, wallMs.at(-1)!].map((ms) => ms.toFixed(0));
  console.log(`${name.padEnd(82)} ${median!.padStart(6)} ms  (${least} to ${most})`);
}
