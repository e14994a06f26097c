/**
 * npm run interop [-- --against kafka] [part of a file's name …] [--name "part of a test's name"]
 * Runs other people's clients against regroup, or against Apache Kafka to check what the tests expect.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { against: { type: "string", default: "regroup" }, name: { type: "string" } },
  allowPositionals: true,
});

const needed = {
  kcat: ["kcat", "-V"],
  Java: ["java", "-version"],
  Maven: ["mvn", "-v"],
  fish: ["fish", "-v"],
  zsh: ["zsh", "--version"],
};
const missing = Object.entries(needed).filter(([, [command, ...args]]) => spawnSync(command!, args).status !== 0);
if (missing.length > 0 || !existsSync(".regroup-test/python")) {
  console.error(`Missing: ${[...missing.map(([name]) => name), "or Python's clients"].join(", ")}. Run: .ci/tools`);
  process.exit(1);
}

const files = globSync("test/interop/*.test.ts")
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .sort();
const named = values.name === undefined ? [] : ["--test-name-pattern", values.name];
const { status } = spawnSync(
  process.execPath,
  ["--disable-warning=TimeoutNegativeWarning", "--test", "--test-concurrency=2", ...named, ...files],
  {
    stdio: "inherit",
    env: { ...process.env, INTEROP_AGAINST: values.against },
  },
);
process.exitCode = status ?? 1;
