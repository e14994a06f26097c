/**
 * npm run conformance -- --against kafka|regroup [part of a file's name …]
 * Starts two brokers of the target, runs the cases against them, stops what it started. With CONFORMANCE_MAIN and
 * CONFORMANCE_TIGHT (host:port) it uses brokers that run already.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { oneOf, readCommandLine } from "../../src/bench/flags.ts";
import { longestFirst, runFiles } from "../support/run-files.ts";
import { untilReady } from "./ready.ts";
import { type StartOptions, startTarget, type Target, type TargetName } from "./targets.ts";

const common = {
  "group.min.session.timeout.ms": 100,
  "num.partitions": 4,
};

/** Rounds close at once, everything else is Kafka's default. */
const main: StartOptions = { settings: { ...common, "group.initial.rebalance.delay.ms": 0 }, durable: false };

/** Limits that a few tests can reach; and, where the target has a choice, a disk. */
const tight: StartOptions = {
  settings: {
    ...common,
    "group.initial.rebalance.delay.ms": 3000,
    "group.max.session.timeout.ms": 60_000,
    "group.max.size": 3,
    "offset.metadata.max.bytes": 16,
    "offsets.retention.minutes": 1,
    "offsets.retention.check.interval.ms": 300,
    "auto.create.topics.enable": false,
    "message.max.bytes": 200_000,
    "connections.max.idle.ms": 8_000,
    "log.initial.task.delay.ms": 500,
    "log.retention.check.interval.ms": 300,
    "log.cleaner.backoff.ms": 300,
    "transaction.max.timeout.ms": 60_000,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 300,
    "transactional.id.expiration.ms": 4_000,
    "transaction.remove.expired.transaction.cleanup.interval.ms": 300,
  },
  durable: true,
};

const longest = ["expiry.ts", "restart.ts"];

const { values, positionals } = readCommandLine({ against: { type: "string" } });
process.exitCode = await runSuite(oneOf("against", values.against, ["kafka", "regroup"]), positionals);

async function runSuite(against: TargetName, parts: string[]): Promise<number> {
  const started: Target[] = [];
  const start = async (variable: string, options: StartOptions) => {
    if (process.env[variable]) return;
    const target = await startTarget(against, options);
    started.push(target);
    process.env[variable] = target.address;
  };
  process.once("SIGINT", () => void endAll(started).then(() => process.exit(130)));
  try {
    const from = Date.now();
    process.env.CONFORMANCE_TARGET = against;
    await Promise.all([start("CONFORMANCE_MAIN", main), start("CONFORMANCE_TIGHT", tight)]);
    for (const name of ["CONFORMANCE_MAIN", "CONFORMANCE_TIGHT"]) await untilReady(process.env[name] as string);
    const failures = await runCases(parts);
    const seconds = Math.round((Date.now() - from) / 1000);
    console.log(`conformance against ${against}: ${failures.length} failed, ${seconds} s`);
    for (const name of failures) console.log(`  failed: ${name}`);
    return failures.length > 0 ? 1 : 0;
  } finally {
    await endAll(started);
  }
}

/** @returns the names of the tests that failed. */
async function runCases(parts: string[]): Promise<string[]> {
  const folder = join(import.meta.dirname, "cases");
  const wanted = (file: string) => parts.length === 0 || parts.some((part) => file.includes(part));
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && wanted(file));
  if (files.length === 0) return [`no case is named like ${parts.join(", ")}`];
  const paths = longestFirst(files, longest).map((file) => join(folder, file));
  return runFiles(paths, { concurrency: 4, timeout: 100_000 });
}

async function endAll(targets: Target[]): Promise<void> {
  await Promise.all(targets.splice(0).map((target) => target.end()));
}
