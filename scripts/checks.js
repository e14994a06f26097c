// What `npm run check` and `npm test` are made of.
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const checks = [
  ["types", "node_modules/.bin/tsc", ["--noEmit", "--pretty", "-p", "tsconfig.json"]],
  ["types of the pure rooms", "node_modules/.bin/tsc", ["--noEmit", "--pretty", "-p", "tsconfig.pure.json"]],
  ["lint and format", "node_modules/.bin/biome", ["check", "--error-on-warnings", "--diagnostic-level=warn"]],
];

/** Types and lint, side by side. @returns 0, or 1 when one of them failed. */
export async function failedChecks() {
  const results = await Promise.all(
    checks.map(async ([name, command, args]) => ({ name, ...(await run(command, args, "pipe")) })),
  );
  for (const { name, status, output } of results) {
    console.log(`${status === 0 ? "✔" : "✖"} ${name}`);
    if (status !== 0) console.log(output);
  }
  return results.some(({ status }) => status !== 0) ? 1 : 0;
}

// A test that hangs fails by its name. kafkajs, the client in some tests, sets timers in the past.
const flags = ["--test", "--test-concurrency=2", "--test-timeout=240000", "--disable-warning=TimeoutNegativeWarning"];

/** Runs test files, two at a time, with node:test's own report. @returns its exit code. */
export async function runTests(files, env = {}) {
  const { status } = await run(process.execPath, [...flags, ...files], "inherit", env);
  return status;
}

function run(command, args, stdio, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", stdio, stdio], env: { ...process.env, ...env } });
    let output = "";
    child.stdout?.on("data", (text) => (output += text));
    child.stderr?.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}
