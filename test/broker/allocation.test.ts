/** Heartbeats and commits are most of what a quiet group sends: what each leaves on the heap is held down here. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("allocating.ts", import.meta.url));
const flags = [
  "--expose-gc",
  "--single-threaded",
  "--initial-heap-size=512",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
];

/**
 * Bytes for each, measured with Node 26.10: the same in each run, but for a few at a commit to a file. A promise for
 * each heartbeat would be 304 more: there is room for a fifth, and not for that.
 */
const bounds = {
  heartbeat: { measured: 1043, most: 1250 },
  commit: { measured: 5837, most: 7000 },
  commitToFile: { measured: 10_600, most: 12_800 },
};

const env = { ...process.env, NODE_OPTIONS: "" };
const run = promisify(execFile)(process.execPath, [...flags, program], { env });
const measuring = run.then(({ stdout }) => JSON.parse(stdout));

async function check(name: keyof typeof bounds): Promise<void> {
  const bytes: number = (await measuring)[name];
  const { measured, most } = bounds[name];
  assert.ok(bytes <= most, `${name}: ${bytes} bytes for each, at most ${most} are allowed (${measured} when measured)`);
  assert.ok(bytes > measured / 3, `${name}: ${bytes} bytes for each is too good to be true: what was counted?`);
}

test("a heartbeat leaves little on the heap", () => check("heartbeat"));

test("a commit leaves little on the heap", () => check("commit"));

test("a commit leaves little on the heap on its way to a file", () => check("commitToFile"));
