/**
 * npm run interop [-- --against kafka] [part of a file's name …] [--name "part of a test's name"]
 * Runs other people's clients against regroup, or against Apache Kafka to check what the tests expect.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { oneOf, readCommandLine, refuse } from "../../src/bench/flags.ts";
import { longestFirst, runFiles } from "../support/run-files.ts";

const { values, positionals } = readCommandLine({
  against: { type: "string", default: "regroup" },
  name: { type: "string" },
});
const against = oneOf("against", values.against, ["regroup", "kafka"]);

const longest = ["sharing", "java-tools", "transactions", "leaders", "restart"];
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

// Most of its time a member waits for a session to end or for the others: two files on a core, not one.
process.env.INTEROP_AGAINST = against;
const failures = await runFiles(longestFirst(files, longest), {
  concurrency: 4,
  execArgv: ["--disable-warning=TimeoutNegativeWarning"],
  ...(values.name !== undefined && { testNamePatterns: values.name }),
});
process.exitCode = failures.length > 0 ? 1 : 0;
