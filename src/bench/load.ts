/**
 * One load on a broker that runs:
 *
 *     npm run bench -- produce --bootstrap-server 127.0.0.1:9092 --value-bytes 100
 *     regroup bench latency --per-second 5000 -- --ephemeral
 *
 * Without a server it starts a regroup broker of its own; what follows `--` goes to that broker.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { headOf, readFlags, refuse } from "./flags.ts";
import { type LoadName, type LoadOptions, loads, runLoad } from "./load/loads.ts";
import { helpOf, optionsOf, optionValue } from "./load/options.ts";
import { cpuMs } from "./load/process.ts";
import { delayWords, initialRebalanceDelayMs } from "./load/rebalance-delay.ts";
import { deleteTopic } from "./load/topic.ts";
import { figureName } from "./load/words.ts";
import { startBroker, stopBroker } from "./start-broker.ts";

const args = process.argv.slice(2);
const dashes = args.indexOf("--");
const [own, forBroker] = dashes === -1 ? [args, []] : [args.slice(0, dashes), args.slice(dashes + 1)];
const name = own.shift() as LoadName;
if (!Object.hasOwn(loads, name)) refuse(`load ${name}: expected one of ${Object.keys(loads).join(", ")}`);
if (own.includes("--help")) {
  process.stdout.write(`${headOf(process.argv[1]!)}\nOptions of ${name}:\n${helpOf(name)}`);
  process.exit(0);
}

const known = optionsOf(name);
const types = [...known].map(([flag, { like }]) => [flag, { type: typeof like === "boolean" ? "boolean" : "string" }]);
const flags = readFlags(Object.fromEntries(types), own) as Readonly<Record<string, string | boolean>>;
const { bootstrapServer, ...options } = chosen();
if (name === "connections" && bootstrapServer !== undefined && options.pid === undefined) {
  refuse("connections: --pid is missing, of the broker at --bootstrap-server: its memory is what is told");
}
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => end(signal));
const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
const broker =
  bootstrapServer === undefined
    ? await startBroker(["-o", "group.initial.rebalance.delay.ms=0", "-o", `log.dirs=${folder}`, ...forBroker])
    : undefined;
const server = String(bootstrapServer ?? `127.0.0.1:${broker!.port}`);
const names = { topic: `bench-${name}-${Date.now()}`, groupId: `bench-${Date.now()}` };
/** Who measures a broker of theirs keeps the topics that they named, no others. */
const isOurs = bootstrapServer !== undefined && known.has("topic") && options.topic === undefined;
try {
  const pid = broker?.process.pid;
  const cpuBefore = pid === undefined ? 0 : cpuMs(pid);
  const given = { server, ...names, ...(pid === undefined ? {} : { pid }), ...options };
  const found = await runLoad(name, given as unknown as LoadOptions<typeof name>, undefined, stop.signal);
  const cpu = pid === undefined ? {} : { "broker's CPU ms": cpuMs(pid) - cpuBefore };
  const rounded = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : Number.NaN);
  // Of what was not measured: NaN, which came as null.
  const figures = Object.entries({ ...found, ...cpu }).map(([what, value]) => [figureName(name, what), rounded(value)]);
  console.table({ [name]: Object.fromEntries(figures) });
  if ("formedMs" in found) {
    const delayMs = await initialRebalanceDelayMs(server, String(given.groupId)).catch(() => Number.NaN);
    const words = delayWords(found.formedMs, delayMs);
    if (words !== undefined) console.log(words);
  }
  if (isOurs) await deleteTopic(server, names.topic);
} catch (error) {
  if (!stop.signal.aborted) console.error(`bench ${name}: ${(error as Error).message}`);
  process.exitCode ??= 1;
  if (isOurs) await deleteTopic(server, names.topic).catch(() => undefined); // as it may not have been made
} finally {
  if (broker !== undefined) await stopBroker(broker);
  await rm(folder, { recursive: true, force: true });
}

/** The load ends at once; what it leaves is cleared away, but not for ever: the broker may be what hangs. */
function end(signal: "SIGTERM" | "SIGINT" | "SIGHUP"): void {
  process.exitCode = 128 + constants.signals[signal];
  stop.abort();
  setTimeout(() => process.exit(), 5000).unref();
}

/** What was given, by the names that the load has for it. */
function chosen(): Record<string, string | number | boolean> {
  try {
    return Object.fromEntries(
      Object.entries(flags).map(([flag, text]) => {
        const { key, like } = known.get(flag)!;
        return [key, optionValue(flag, text, like)];
      }),
    );
  } catch (error) {
    return refuse((error as Error).message);
  }
}
