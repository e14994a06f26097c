/**
 * npm test [-- part of a path …] [--update]: types, lint, and every test that needs npm only.
 * Suites that need more than npm (conformance, interop, soak) have commands of their own.
 */
import { globSync } from "node:fs";
import { readCommandLine, refuse } from "../src/bench/flags.ts";
import { failedChecks, root, runTests } from "./checks.js";

const { values, positionals } = readCommandLine({ update: { type: "boolean" } });
const ownCommand = /^test\/(conformance|interop|soak)\//;
const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter(
    (file) => !ownCommand.test(file) && (positionals.length === 0 || positionals.some((part) => file.includes(part))),
  )
  .sort();
if (files.length === 0) refuse(`no test file has ${positionals.join(" or ")} in its path`);

const failed = await failedChecks();
const tests = await runTests(files, values.update ? { REGROUP_UPDATE: "1" } : {});
if (failed) console.log("Types or lint failed: see above the tests.");
process.exitCode = failed || tests;
