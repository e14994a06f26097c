#!/usr/bin/env node
// Starts the command line: dist/ where it was built, else the source, which Node runs as it is. Compiled code is kept
// between runs.
import { existsSync } from "node:fs";
import module from "node:module";

const built = new URL("../dist/cli.js", import.meta.url);
const entry = existsSync(built) ? built : new URL("../src/cli/main.ts", import.meta.url);

module.enableCompileCache?.();
const { main } = await import(entry.href);
await main(process.argv.slice(2));
// A server is ended by a signal, which would leave the cache unwritten.
module.flushCompileCache?.();
