/** Seeds spread over processes, so that every core has its share. */
import { spawn } from "node:child_process";
import type { SeedRange } from "./seeds.ts";

/** Almost all that a world makes is soon gone, and every core has a process of its own. */
const forGarbage = ["--max-semi-space-size=64", "--single-threaded-gc"];

/** @returns how many processes found something. */
export async function runOnAllCores({ from, to }: SeedRange, untilMs: number, jobs: number): Promise<number> {
  const share = Math.ceil((to - from + 1) / jobs);
  const ranges = Array.from({ length: jobs }, (_, job) => {
    return { from: from + job * share, to: Math.min(to, from + (job + 1) * share - 1) };
  }).filter((range) => range.from <= range.to);
  const codes = await Promise.all(ranges.map((range) => runInProcess(range, untilMs)));
  return codes.filter((code) => code !== 0).length;
}

function runInProcess({ from, to }: SeedRange, untilMs: number): Promise<number> {
  const script = process.argv[1]!;
  const seeds = Number.isFinite(untilMs)
    ? ["--first", String(from), "--for", String(Math.ceil((untilMs - Date.now()) / 1000))]
    : ["--seeds", `${from}..${to}`];
  const child = spawn(process.execPath, [...forGarbage, script, "simulate", ...seeds, "--jobs", "1"], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
