/** Seeds spread over processes, so that every core has its share. */
import { type ChildProcess, spawn } from "node:child_process";
import { Interrupted } from "../errors.ts";
import { interruption } from "../signals.ts";
import type { SeedRange, SeedRun } from "./seeds.ts";

/** Almost all that a world makes is soon gone, and every core has a process of its own. */
const forGarbage = ["--max-semi-space-size=64", "--single-threaded-gc"];

/** @returns how many processes found something. */
export async function runOnAllCores(run: SeedRun, jobs: number): Promise<number> {
  const { from, to } = run.seeds;
  const share = Math.ceil((to - from + 1) / jobs);
  const ranges = Array.from({ length: jobs }, (_, job) => {
    return { from: from + job * share, to: Math.min(to, from + (job + 1) * share - 1) };
  }).filter((range) => range.from <= range.to);
  const children = ranges.map((range) => spawnWorker(range, run));
  // Control-C reaches them as well, a signal to this process alone does not: they see that the channel is closed.
  run.stop.addEventListener("abort", () => {
    for (const child of children) if (child.connected) child.disconnect();
  });
  process.once("exit", () => {
    for (const child of children) child.kill("SIGKILL"); // a second signal does not wait for a world to end
  });
  const codes = await Promise.all(children.map(exitCode));
  return codes.filter((code) => code !== 0).length;
}

function spawnWorker({ from, to }: SeedRange, { untilMs, progress }: SeedRun): ChildProcess {
  const script = process.argv[1]!;
  const seeds = Number.isFinite(untilMs)
    ? ["--first", String(from), "--for", String(Math.ceil((untilMs - Date.now()) / 1000))]
    : ["--seeds", `${from}..${to}`];
  const told = progress === undefined ? [] : ["--progress"];
  return spawn(process.execPath, [...forGarbage, script, "simulate", ...seeds, ...told, "--jobs", "1"], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Ends seeds: a signal, or the end of the process that has spread them. */
export function untilStopped(): AbortSignal {
  if (!process.connected) return interruption();
  const gone = new AbortController();
  process.once("disconnect", () => gone.abort(new Interrupted("SIGTERM")));
  process.channel?.unref();
  return AbortSignal.any([interruption(), gone.signal]);
}
