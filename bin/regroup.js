#!/usr/bin/env node
// Starts the command line: dist/ where it was built, else the source, which Node runs as it is. This is CommonJS
// (package.json beside it): Node's loader of ES modules would take some 8 ms of each call.
"use strict";
const { existsSync } = require("node:fs");
const nodeModule = require("node:module");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const root = join(__dirname, "..");
const built = join(root, "dist/cli.cjs");
const serve = join(root, "dist/serve.cjs");
const pinned = join(root, "node_modules/node/bin/node");
const [major, minor] = process.versions.node.split(".").map(Number);
const runsSource = major > 22 || (major === 22 && minor >= 18);
const runsBuilt = major > 22 || (major === 22 && minor >= 15); // engines in package.json

const call = process.argv.slice(2);
start();

async function start() {
  if (!existsSync(built)) await importFile("scripts/install.js"); // a fresh clone: what npm start would have done
  if (existsSync(built) && runsBuilt) await startBuilt();
  else if (!existsSync(built) && runsSource) await startSource();
  else if (existsSync(pinned)) runWith(pinned);
  else {
    console.error(`regroup: needs Node.js 22.15 or later; this is ${process.version}`);
    process.exitCode = 1;
  }
}

async function startBuilt() {
  const { runFile } = require("./compiled.js");
  nodeModule.enableCompileCache?.();
  const file = call[0] === "serve" && existsSync(serve) ? serve : built; // a dist/ of an older state has one file
  const { exports, keepCompiled } = runFile(file, nodeModule.getCompileCacheDir?.(), call[0]);
  await exports.main(call);
  if (!process.exitCode && !asksForHelp()) keepCompiled();
}

/** Of the command's own code that compiles next to nothing, and it would be kept for good. */
function asksForHelp() {
  return call.some((word) => word === "--help" || word === "-h");
}

async function startSource() {
  nodeModule.enableCompileCache?.();
  const { main } = await importFile("src/cli/main.ts");
  await main(call);
  nodeModule.flushCompileCache?.(); // a server is ended by a signal, which would leave the cache unwritten
}

function importFile(path) {
  return import(pathToFileURL(join(root, path)).href);
}

/** This Node is too old, as for TypeScript before 22.18: the one that the repository pins is not. */
function runWith(node) {
  const { spawn } = require("node:child_process");
  const { constants } = require("node:os");
  const child = spawn(node, [__filename, ...call], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
