/**
 * Conversations with a transaction coordinator, as files that a person reads: the lines with → and — are what is asked;
 * the rest is what came of it, written by `npm test -- --update` and compared by every other run.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runTranscript } from "./support/transcript.ts";

const directory = join(import.meta.dirname, "transcripts");

for (const file of globSync("*.txt", { cwd: directory }).sort()) {
  const path = join(directory, file);
  const source = readFileSync(path, "utf8");
  const title = source.split("\n")[0]!.replace(/^# /, "");

  test(title, () => {
    const { text } = runTranscript(source);
    if (process.env.REGROUP_UPDATE === "1") writeFileSync(path, text);
    else assert.equal(text, source);
  });

  test(`replaying the log gives the same state: ${title}`, () => {
    const { world } = runTranscript(source);
    assert.deepEqual(world.replayed().shard.durable, world.durable);
  });
}
