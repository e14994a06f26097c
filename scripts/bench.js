// npm run bench: the comparison of docs/performance.md (src/bench/compare.ts has its options).
// npm run bench -- part of a name … --option …: those benchmarks, each in a process of its own, one after the other.
import { spawnSync } from "node:child_process";
import { benchmarks, programOf } from "../src/bench/benchmarks.ts";
import { root } from "./checks.js";

const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const wanted = args.slice(0, firstOption === -1 ? undefined : firstOption);
const options = args.slice(wanted.length);
const all = Object.keys(benchmarks);
const named = wanted.length === 0 ? ["compare"] : wanted.flatMap((part) => namesOf(part));

if (wanted.length === 0 && options.some((option) => ["-h", "--help"].includes(option))) list();
const names = [...new Set(named)];
process.on("SIGINT", () => undefined); // Ctrl-C: the benchmark hears it, too, and ends what it has started
const interrupted = 130;
for (const name of names) {
  if (names.length > 1) console.log(`\n== ${name}`);
  const [program, ...first] = programOf(name);
  const { status, signal } = spawnSync(process.execPath, ["--expose-gc", program, ...first, ...options], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = signal === "SIGINT" ? interrupted : (status ?? 1);
  if (process.exitCode === interrupted) break;
}

function namesOf(part) {
  const names = all.includes(part) ? [part] : all.filter((name) => name.includes(part));
  if (names.length > 0) return names;
  console.error(`bench ${part}: expected one of ${all.join(", ")}, or a part of them`);
  process.exit(2);
}

function list() {
  const width = Math.max(...all.map((name) => name.length));
  console.log("npm run bench -- [name] [options]; --help after a name tells its options\n");
  for (const name of all) console.log(`${name.padEnd(width)}  ${benchmarks[name]}`);
  console.log();
}
