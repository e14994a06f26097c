// Keeps what V8 compiled of a bundle in dist/ between calls, in the folder of Node's own compile cache, whose name
// tells Node's version and V8's flags. Node's cache takes a file before it runs, so it lacks the functions that are
// compiled when they are called for the first time: 1,100 of a broker that starts, a quarter of its time. Here it is
// taken when the command has run, for each command apart.
"use strict";
const { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const head = "(function (exports, require, module, __filename, __dirname) {";

/**
 * Runs a CommonJS file, in ASCII and without `import()`, whose first line is a comment that begins with a hash of the
 * rest; of one without a hash nothing is kept.
 *
 * @param folder where compiled code is kept; undefined: nowhere (NODE_DISABLE_COMPILE_CACHE, an unwritable folder)
 * @param command the first word of the call
 * @returns its exports, and what keeps the compiled code unless it was there already
 */
function runFile(file, folder, command = "") {
  const text = readFileSync(file, "latin1");
  const hash = /^\/\/ ([0-9a-f]{16}) /.exec(text)?.[1]; // V8 itself compares no more than the length
  const word = /^[a-z-]+$/.test(command) ? command : "";
  const path = folder && hash && join(folder, `regroup-${hash}-${word}`);
  const cachedData = path && readKept(path);
  const script = new Script(`${head}${text}\n})`, { filename: file, columnOffset: -head.length, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  const isKept = path === undefined || (cachedData !== undefined && !script.cachedDataRejected);
  return { exports: module.exports, keepCompiled: () => isKept || keep(path, script.createCachedData()) };
}

/**
 * What is kept stands there twice: V8 would run damaged code, and end the process in the middle of it. A checksum would
 * need modules of Node's that take 5 ms to load.
 */
function readKept(path) {
  try {
    const twice = readFileSync(path);
    const data = twice.subarray(0, twice.length / 2);
    return data.equals(twice.subarray(data.length)) ? data : undefined;
  } catch {
    return undefined; // nothing kept yet
  }
}

/** A call beside this one, or a failure of power, finds all of it or nothing. Without it calls only take longer. */
function keep(path, data) {
  const draft = `${path}.${process.pid}`;
  try {
    write(draft, data);
    renameSync(draft, path);
  } catch {
    remove(draft); // no room, or no right to write there
  }
}

function write(path, data) {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, data);
    writeFileSync(file, data);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

function remove(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // what may not be removed stays
  }
}

module.exports = { runFile };
