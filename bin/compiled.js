// Keeps what V8 compiled of a bundle in dist/ between calls, in the folder of Node's own compile cache, whose name
// tells Node's version and V8's flags. Node's cache takes a file before it runs, so it lacks the functions that are
// compiled when they are called for the first time: 1,100 of a broker that starts, a quarter of its time. Here it is
// taken when the command has run, for each command apart.
"use strict";
const { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");
const { constants, Script } = require("node:vm");

const head = "(function (exports, require, module, __filename, __dirname) {";

/**
 * Runs a CommonJS file, in ASCII, whose first line is a comment that begins with a hash of the rest.
 *
 * @param folder where compiled code is kept; undefined: nowhere (NODE_DISABLE_COMPILE_CACHE, an unwritable folder)
 * @param command the first word of the call
 * @returns its exports, and what keeps the compiled code unless it was there already
 */
function runFile(file, folder, command = "") {
  const text = readFileSync(file, "latin1");
  const path = folder && join(folder, nameOf(text, command));
  const cachedData = path && readIfThere(path);
  const script = new Script(`${head}${text}\n})`, {
    filename: file,
    columnOffset: -head.length,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  const isKept = path === undefined || (cachedData !== undefined && !script.cachedDataRejected);
  return { exports: module.exports, keepCompiled: () => isKept || keep(path, script.createCachedData()) };
}

/** V8 itself compares no more than the length. */
function nameOf(text, command) {
  const hash = /^\/\/ ([0-9a-f]+) /.exec(text)?.[1];
  if (hash === undefined) throw new Error("the first line tells no hash: npm run build makes it");
  return `regroup-${hash}-${/^[a-z-]+$/.test(command) ? command : ""}`;
}

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** A call beside this one, or a failure of power, finds all of it or nothing. Without it calls only take longer. */
function keep(path, data) {
  const draft = `${path}.${process.pid}`;
  try {
    const file = openSync(draft, "wx", 0o600);
    writeFileSync(file, data);
    fdatasyncSync(file);
    closeSync(file);
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true }); // no room, or no right to write there
  }
}

module.exports = { runFile };
