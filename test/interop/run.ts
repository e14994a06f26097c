/**
 * npm run interop [-- --against kafka] [part of a file's name …] [--name "part of a test's name"]
 * Runs other people's clients against regroup, or against Apache Kafka to check what the tests expect.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { oneOf, readCommandLine, refuse } from "../../src/bench/flags.ts";

const { values, positionals } = readCommandLine({
  against: { type: "string", default: "regroup" },
  name: { type: "string" },
});
const against = oneOf("against", values.against, ["regroup", "kafka"]);

const files = globSync("test/interop/*.test.ts")
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) refuse(`no file has ${positionals.join(" or ")} in its path`);

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

const named = values.name === undefined ? [] : ["--test-name-pattern", values.name];
const { status } = spawnSync(
  process.execPath,
  ["--disable-warning=TimeoutNegativeWarning", "--test", "--test-concurrency=2", ...named, ...files],
  {
    stdio: "inherit",
    env: { ...process.env, INTEROP_AGAINST: against },
  },
);
process.exitCode = status ?? 1;
