/** The loads by name, and how each is run in a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitDefaults, commits } from "./commits.ts";
import { connectionDefaults, connections } from "./connections.ts";
import { consume, consumeDefaults } from "./consume.ts";
import { groupDefaults, groups } from "./groups.ts";
import { latency, latencyDefaults } from "./latency.ts";
import { produce, produceDefaults } from "./produce.ts";
import { transactionDefaults, transactions } from "./transactions.ts";

export const loads = {
  produce: { run: produce, defaults: produceDefaults },
  consume: { run: consume, defaults: consumeDefaults },
  latency: { run: latency, defaults: latencyDefaults },
  commits: { run: commits, defaults: commitDefaults },
  groups: { run: groups, defaults: groupDefaults },
  transactions: { run: transactions, defaults: transactionDefaults },
  connections: { run: connections, defaults: connectionDefaults },
} as const;

export type LoadName = keyof typeof loads;
type Loads = typeof loads;
export type LoadOptions<K extends LoadName> = Omit<Parameters<Loads[K]["run"]>[0], keyof Loads[K]["defaults"]> &
  Partial<Parameters<Loads[K]["run"]>[0]>;
export type LoadResult<K extends LoadName> = Awaited<ReturnType<Loads[K]["run"]>>;

/** What the process of a load tells. */
export type LoadOutcome = { readonly result: object; readonly cpuShare: number } | { readonly failed: string };

const givenUpAfterMs = 80_000;
/** The longest takes so much where nothing is amiss, unless it is told to take longer. */
const longestSeconds = 30;

/** Where Node keeps what it has compiled: without that each load began with a second of types and compiling. */
const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") };

/**
 * Runs a load in a new process, which no other load has left garbage in.
 *
 * @param onCpuShare gets what the process took of one core, from its first connection to its last.
 * @param stop ends the process before its time.
 * @throws when it fails, or does not end.
 */
export async function runLoad<K extends LoadName>(
  name: K,
  options: LoadOptions<K>,
  onCpuShare: (share: number) => void = () => undefined,
  stop?: AbortSignal,
): Promise<LoadResult<K>> {
  const args = [name, JSON.stringify(options)];
  const env = { ...process.env, ...compiled };
  const child = fork(new URL("run.ts", import.meta.url), args, { execArgv: [], env });
  stop?.addEventListener("abort", () => child.kill("SIGKILL"));
  if (stop?.aborted) child.kill("SIGKILL");
  const { seconds = 0, warmUpSeconds = 0 } = options as { readonly seconds?: number; readonly warmUpSeconds?: number };
  const moreMs = Math.max(0, seconds + warmUpSeconds - longestSeconds) * 1000;
  const cut = setTimeout(() => child.kill("SIGKILL"), givenUpAfterMs + moreMs);
  const ended = once(child, "exit").then(([code, signal]) => {
    clearTimeout(cut);
    throw new Error(`the load ${name} ended with ${signal ?? code}`);
  });
  ended.catch(() => undefined); // after its result it is meant to end
  const [outcome] = (await Promise.race([once(child, "message"), ended])) as [LoadOutcome];
  if ("failed" in outcome) throw new Error(outcome.failed);
  onCpuShare(outcome.cpuShare);
  return outcome.result as LoadResult<K>;
}

export type RunLoad = typeof runLoad;
