/**
 * npm run crash [-- --cycles 1000] [--seed 1] [--keep]
 *
 * The broker is killed with SIGKILL, again and again, while it is used: no acknowledged record, commit or topic may be
 * lost, nothing of an idempotent producer come twice or in another order, nothing that a consumer saw be another thing
 * afterwards. The seed repeats what is done; when it happens, and so what it meets, the machine decides.
 *
 * However few the cycles, restarts behind 1 GB of log and more follow, with 8 partitions and with 500. All of it takes
 * 5 GB of disk, in a new folder where the system has temporary files (TMPDIR). The folder is removed when nothing
 * failed; with --keep it stays.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { numberOf, readFlags, refuse } from "../../src/bench/flags.ts";
import { Kafka } from "../../src/client/index.ts";
import { type Draw, seeded } from "../conformance/random/draw.ts";
import { PartitionAudit } from "./audit.ts";
import { restartWithLargeLog } from "./large-log.ts";
import { Ledger } from "./ledger.ts";
import { Load, partitions, producers, topic } from "./load.ts";
import { Victim } from "./victim.ts";

const flags = readFlags({
  cycles: { type: "string", default: "1000" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  keep: { type: "boolean", default: false },
});
const cycles = numberOf("cycles", flags.cycles);
if (!Number.isInteger(cycles) || cycles < 1) refuse(`--cycles ${flags.cycles}: expected a whole number of at least 1`);
const seed = numberOf("seed", flags.seed);

/** Lives are so long, from the moment when the broker serves. */
const longestLifeMs = 800;
/** Some are killed while they start, which takes about so long. */
const startMs = 400;
const killsAtStart = 0.15;
/** With the disk left to the operating system, which a killed process does not take with it. */
const unsyncedLives = 0.3;
const breachesThatEnd = 20;

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function told(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  return `median ${median(sorted).toFixed(0)} ms, longest ${(sorted.at(-1) ?? Number.NaN).toFixed(0)} ms`;
}

async function live(victim: Victim, draw: Draw): Promise<number | undefined> {
  const flush = draw.chance(unsyncedLives) ? { "log.flush.interval.messages": "1000000" } : {};
  const started = victim.start(flush as Readonly<Record<string, string>>);
  if (!draw.chance(killsAtStart)) {
    const took = await started;
    await pause(draw.below(longestLifeMs));
    return took;
  }
  started.catch(() => undefined); // it may be dead before
  await pause(draw.below(startMs));
  return undefined;
}

async function readAll(victim: Victim, ledger: Ledger): Promise<void> {
  const consumer = new Kafka({ bootstrapServers: `127.0.0.1:${victim.port}` }).consumer({
    "value.deserializer": "string",
  });
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  await consumer.assign(all);
  const audits = all.map(({ partition }) => new PartitionAudit(ledger, partition));
  const ends = new Map<number, number>();
  for (const { partition } of all) {
    await consumer.seek({ topic, partition }, "end");
    ends.set(partition, await consumer.position({ topic, partition }));
    await consumer.seek({ topic, partition }, 0);
  }
  for await (const { partition, records } of consumer.batches()) {
    for (const { offset, value } of records) audits[partition]!.read(offset, value!);
    if (records.at(-1)!.offset + 1 >= ends.get(partition)!) ends.delete(partition);
    if (ends.size === 0) break;
  }
  for (const audit of audits) audit.end();
  await consumer.close();
}

async function main(folder: string): Promise<Ledger> {
  const draw = seeded(seed);
  const ledger = new Ledger(partitions, producers);
  await using victim = new Victim(join(folder, "data"));
  const starts: number[] = [];
  console.log(`seed ${seed}, ${cycles} cycles, data in ${folder}`);
  await victim.start();
  const load = new Load(`127.0.0.1:${victim.port}`, ledger, draw.fork());
  await load.start();
  for (let cycle = 1; cycle <= cycles && ledger.breaches.length < breachesThatEnd; cycle++) {
    for (const error of await victim.kill()) ledger.breach(`cycle ${cycle}: ${error}`);
    const took = await live(victim, draw);
    if (took !== undefined) starts.push(took);
    if (cycle % 50 === 0) say(cycle, ledger, starts);
  }
  for (const error of await victim.kill()) ledger.breach(error);
  starts.push(await victim.start());
  await load.stop();
  await readAll(victim, ledger);
  for (const error of await victim.kill()) ledger.breach(error);
  say(cycles, ledger, starts);
  return ledger;
}

function say(cycle: number, ledger: Ledger, starts: readonly number[]): void {
  const { acknowledgedRecords: records, acknowledgedCommits: commits, created, deleted } = ledger;
  console.log(
    `cycle ${cycle}: ${records} records, ${commits} commits, ${created.size + deleted.size} topics acknowledged; ` +
      `restart ${told(starts)}; ${ledger.breaches.length} breaches`,
  );
}

const folder = await mkdtemp(join(tmpdir(), "regroup-crash-"));
const { breaches } = await main(folder);
breaches.push(...(await restartWithLargeLog(join(folder, "large"))));
for (const breach of breaches.slice(0, breachesThatEnd)) console.log(`✖ ${breach}`);
if (breaches.length === 0) console.log("✔ nothing lost, nothing twice, all in order");
if (breaches.length === 0 && !flags.keep) await rm(folder, { recursive: true });
process.exitCode = breaches.length === 0 ? 0 : 1;
