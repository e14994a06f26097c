// npm run bench: the comparison of docs/performance.md (src/bench/compare.ts has its options).
// npm run bench -- part of a name … --option …: those benchmarks, each in a process of its own, one after the other.
import { spawnSync } from "node:child_process";
import { benchmarks } from "../src/bench/benchmarks.ts";
import { root } from "./checks.js";

const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const wanted = args.slice(0, firstOption === -1 ? undefined : firstOption);
const options = args.slice(wanted.length);
// A load has a name of its own: `load produce`.
const parts = wanted[0] === "load" ? ["load"] : wanted.length === 0 ? ["compare"] : wanted;
const more = parts === wanted ? [] : wanted.slice(1);
for (const name of Object.keys(benchmarks).filter((it) => parts.some((part) => it.includes(part)))) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", `src/bench/${name}.ts`, ...more, ...options], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
