/** Each byte of a small log is changed: every answer stays what it was, or somebody is told what is damaged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LogError } from "../../../src/log/log.ts";
import type { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { observe, openTold, smallLog, type Told } from "./observed.ts";

/** @returns what is wrong with how the damage was met; undefined when it was met well. */
async function met(disk: MemoryDisk, before: ReadonlyMap<string, string>, flush = 1): Promise<string | undefined> {
  const told: Told = { cuts: [], damage: [] };
  let all: Awaited<ReturnType<typeof openTold>>;
  try {
    all = await openTold(disk, told, flush);
  } catch (error) {
    if (error instanceof LogError && error.kind === "corrupt" && error.message.includes("data/")) return undefined;
    return `the start failed with ${(error as Error).stack}`;
  }
  const answers = await observe(all);
  await all.close();
  const wrong = [...before].filter(([question, answer]) => {
    const found = answers.get(question);
    return found !== answer && found !== "corrupt";
  });
  const isDamaged = [...answers.values()].includes("corrupt");
  if (isDamaged && told.damage.length === 0) return "an answer was refused, and nobody was told why";
  if (wrong.length > 0 && told.cuts.length === 0) return `${wrong[0]![0]}: ${answers.get(wrong[0]![0])}`;
  return undefined;
}

const everyKind = [".journal", ".log", ".index", ".timeindex", "/checkpoint"];

/** @returns what is wrong with how a changed byte was met, for each byte of the files of these kinds. */
async function metEverywhere(kinds: readonly string[], flush: number): Promise<string[]> {
  const killed = await smallLog(flush);
  const copyOf = () => killed.crash({ kind: "kill" });
  const disk = copyOf();
  const before = await observe(await openTold(copyOf(), { cuts: [], damage: [] }, flush));
  assert.ok(![...before.values()].includes("corrupt"));
  const bad: string[] = [];
  for (const kind of kinds) {
    const paths = disk.paths().filter((path) => path.endsWith(kind));
    assert.ok(paths.length > 0, kind);
    for (const path of paths) {
      const bytes = (await disk.readFile(path))!;
      for (let at = 0; at < bytes.length; at++) {
        if (at % 16 !== 0 && bytes.subarray(at - 8, at + 8).every((byte) => byte === 0)) continue; // only zeros
        const copy = copyOf();
        copy.damage(path, at, 1 << (at % 8));
        const what = await met(copy, before, flush);
        if (what !== undefined) bad.push(`${path}, byte ${at}: ${what}`);
      }
    }
  }
  return bad;
}

test("a changed byte, wherever it lies, changes no answer without somebody being told", async () => {
  const bad = await metEverywhere(everyKind, 1);
  assert.equal(bad.length, 0, bad.join("\n"));
});

test("left to the system, what a changed byte cuts behind the checkpoint is told", async () => {
  const bad = await metEverywhere(everyKind, 1000);
  assert.equal(bad.length, 0, bad.join("\n"));
});
