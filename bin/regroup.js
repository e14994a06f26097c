#!/usr/bin/env node
// Starts the command line: dist/ where it was built, else the source, which Node runs as it is. Compiled code is kept
// between runs.
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const built = new URL("../dist/cli.cjs", import.meta.url);
const install = new URL("../scripts/install.js", import.meta.url);
const pinned = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);
const runsSource = major > 22 || (major === 22 && minor >= 18);
const runsBuilt = major > 22 || (major === 22 && minor >= 15); // engines in package.json

if (!existsSync(built)) await import(install.href); // a fresh clone: what npm start would have done
if (existsSync(built) && runsBuilt) await start(built);
else if (!existsSync(built) && runsSource) await start(new URL("../src/cli/main.ts", import.meta.url));
else if (existsSync(pinned)) await runWith(pinned);
else {
  console.error(`regroup: needs Node.js 22.15 or later; this is ${process.version}`);
  process.exitCode = 1;
}

async function start(entry) {
  module.enableCompileCache?.();
  const { main } =
    entry === built ? module.createRequire(import.meta.url)(fileURLToPath(entry)) : await import(entry.href);
  await main(process.argv.slice(2));
  module.flushCompileCache?.(); // a server is ended by a signal, which would leave the cache unwritten
}

/** This Node is too old, as for TypeScript before 22.18: the one that the repository pins is not. */
async function runWith(node) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 143 : 1)));
}
