// npm run bench [-- part of a name …]: each benchmark in a process of its own, one after the other.
import { spawnSync } from "node:child_process";
import { root } from "./checks.js";

const benchmarks = ["protocol", "records", "log", "assignment", "group", "produce-fetch"];
const wanted = process.argv.slice(2);
for (const name of benchmarks.filter((it) => wanted.length === 0 || wanted.some((part) => it.includes(part)))) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", `src/bench/${name}.ts`], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
