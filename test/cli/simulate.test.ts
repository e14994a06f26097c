import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Interrupted } from "../../src/cli/errors.ts";
import { runSeeds } from "../../src/cli/simulate/seeds.ts";
import { ended, heard, start } from "./run-regroup.ts";

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`simulate is ended by ${signal}: each worker tells how far it is, the exit code is ${exitCode}`, async () => {
    const child = start(["simulate", "--for", "600", "--first", "1", "--jobs", "2", "--progress"]);
    await heard(child.stderr, /(seeds from \d+ on\s+){2}/);
    const [code, told] = await Promise.all([ended(child, signal), text(child.stdout)]);
    assert.equal(code, exitCode);
    assert.equal(told.trim().split("\n").length, 2, told);
    for (const from of [1, 500_000_002]) {
      const line = `^(seeds ${from}\\.\\.\\d+|no seed from ${from} on): .* virtual hours in .* s, 0 found something$`;
      assert.match(told, new RegExp(line, "m"));
    }
  });
}

test("simulate says how far it is when its time has come, and begins no world when it is to stop", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const tell = (line: string) => {
    if (lines.push(line) === 3) stop.abort(new Interrupted("SIGINT"));
  };
  const progress = { everyMs: 0, tell };
  const seeds = { from: 3, to: 1000 };
  assert.equal(await runSeeds({ seeds, untilMs: Number.POSITIVE_INFINITY, stop: stop.signal, progress }), 0);
  assert.match(lines[0]!, /^seeds from 3 on$/);
  assert.match(lines[1]!, /^no seed from 3 on: 0\.0 virtual hours in .* s, 0 found something$/);
  assert.match(lines[2]!, /^seeds 3\.\.3: .* virtual hours in .* s, 0 found something$/);
  assert.equal(lines.length, 3);
});
