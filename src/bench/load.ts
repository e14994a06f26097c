/**
 * One load on a broker that runs: `npm run bench -- load produce --bootstrap-server 127.0.0.1:9092 --valueBytes 100`.
 * Without a server it starts a regroup broker of its own; what follows `--` goes to that broker, as
 * `-- --ephemeral` or `-- -o log.flush.interval.messages=1000`. Options and their defaults: src/bench/load/.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadName, loads, runLoad } from "./load/loads.ts";
import { cpuMs } from "./load/process.ts";
import { startBroker, stopBroker } from "./start-broker.ts";

const args = process.argv.slice(2);
const dashes = args.indexOf("--");
const own = dashes === -1 ? args : args.slice(0, dashes);
const forBroker = dashes === -1 ? [] : args.slice(dashes + 1);
const name = own.shift() ?? "";
if (!Object.hasOwn(loads, name)) {
  console.error(`bench load ${name}: expected one of ${Object.keys(loads).join(", ")}`);
  process.exit(2);
}

function optionsOf(words: readonly string[]): Record<string, string | number | boolean> {
  const options: Record<string, string | number | boolean> = {};
  for (let at = 0; at < words.length; at += 2) {
    const [flag, value] = [words[at]!, words[at + 1]];
    if (!flag.startsWith("--") || value === undefined) throw new Error(`${flag}: expected --option value`);
    options[flag.slice(2)] = /^-?[\d.]+$/.test(value) ? Number(value) : value === "true" ? true : value;
  }
  return options;
}

const { "bootstrap-server": given, ...options } = optionsOf(own);
const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
const broker =
  given === undefined
    ? await startBroker(["-o", "group.initial.rebalance.delay.ms=0", "-o", `log.dirs=${folder}`, ...forBroker])
    : undefined;
try {
  const server = String(given ?? `127.0.0.1:${broker!.port}`);
  const pid = broker?.process.pid;
  const cpuBefore = pid === undefined ? 0 : cpuMs(pid);
  const names = { topic: `bench-${name}-${Date.now()}`, groupId: `bench-${Date.now()}` };
  const found = await runLoad(name as LoadName, {
    server,
    ...names,
    ...(pid === undefined ? {} : { pid }),
    ...options,
  });
  console.table({ [name]: { ...found, ...(pid === undefined ? {} : { "broker's CPU, ms": cpuMs(pid) - cpuBefore }) } });
} finally {
  if (broker !== undefined) await stopBroker(broker);
  await rm(folder, { recursive: true, force: true });
}
