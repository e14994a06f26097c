/**
 * npm run client-on-kafka [-- part of a file's name …]
 * Runs the client's tests and the walks of the examples against Apache Kafka: every file that asks for a broker
 * (broker.ts). The others speak with a broker of their own making, or with none.
 */
import { globSync, readFileSync } from "node:fs";
import { readCommandLine, refuse } from "../../src/bench/flags.ts";
import { untilReady } from "../conformance/ready.ts";
import { startTarget } from "../conformance/targets.ts";
import { runFiles } from "../support/run-files.ts";

/** What some of the files ask of their own broker; all others can live with it. */
const settings = {
  "group.min.session.timeout.ms": 100,
  "group.initial.rebalance.delay.ms": 0,
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": 200,
  // Tests write records of 1970: half a minute after its start Kafka would delete them as too old.
  "log.initial.task.delay.ms": 3_600_000,
};

const { positionals: parts } = readCommandLine({});
const files = globSync("test/{client,examples}/**/*.test.ts")
  .filter((file) => readFileSync(file, "utf8").includes("startTestBroker("))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) refuse(`no test that asks for a broker is named like ${parts.join(", ")}`);
process.exitCode = await againstKafka();

async function againstKafka(): Promise<number> {
  const kafka = await startTarget("kafka", { settings, durable: true });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void kafka.end().then(() => process.exit(130)));
  }
  try {
    await untilReady(kafka.address);
    process.env.REGROUP_TEST_BOOTSTRAP = kafka.address;
    const failures = await runFiles(files, { concurrency: 2, timeout: 120_000, forceExit: true });
    return failures.length > 0 ? 1 : 0;
  } finally {
    await kafka.end();
  }
}
