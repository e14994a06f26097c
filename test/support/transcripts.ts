/**
 * Conversations with a coordinator, as files that a person reads. The lines with → and — are what is asked; the rest is
 * what came of it, written by `npm test -- --update` and compared by every other run.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** What a conversation came to, and the world in which it was held. */
interface Held<W> {
  readonly text: string;
  readonly world: W;
}

/** A folder's transcripts by their files' names. */
export function transcriptsIn(directory: string): ReadonlyMap<string, string> {
  const files = globSync("*.txt", { cwd: directory }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(directory, file), "utf8")]));
}

/** Two tests for each: that it comes to the same again, and that replaying its log gives the same state. */
export function testTranscripts<W>(
  directory: string,
  hold: (source: string) => Held<W>,
  assertReplaysToSameState: (world: W) => void,
): void {
  for (const [file, source] of transcriptsIn(directory)) {
    const title = source.split("\n")[0]!.replace(/^# /, "");

    test(title, () => {
      const { text } = hold(source);
      if (process.env.REGROUP_UPDATE === "1") writeFileSync(join(directory, file), text);
      else assert.equal(text, source);
    });

    test(`replaying the log gives the same state: ${title}`, () => assertReplaysToSameState(hold(source).world));
  }
}
