/** Each byte of a small log is changed: every answer stays what it was, or somebody is told what is damaged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { blockHeaderBytes, blockIsWhole, readBlockHeader } from "../../../src/log/file/journal-format.ts";
import { LogError } from "../../../src/log/log.ts";
import type { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { readInt32 } from "../../../src/protocol/records/integers.ts";
import { platform } from "../batches.ts";
import { observe, openTold, smallLog, type Told } from "./observed.ts";

type Answers = ReadonlyMap<string, string>;

/** @returns what is told where the start is refused as damaged. */
async function start(disk: MemoryDisk, flush: number): Promise<{ answers: Answers; told: Told } | string> {
  const told: Told = { cuts: [], damage: [] };
  let all: Awaited<ReturnType<typeof openTold>>;
  try {
    all = await openTold(disk, told, flush);
  } catch (error) {
    if (error instanceof LogError && error.kind === "corrupt") return error.message;
    throw error;
  }
  const answers = await observe(all);
  await all.close();
  return { answers, told };
}

async function answersOf(disk: MemoryDisk, flush: number): Promise<Answers> {
  const met = await start(disk, flush);
  return typeof met === "string" ? assert.fail(met) : met.answers;
}

interface Block {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly firstEntry: number;
}

/** Whole blocks of the journal, by their entries. */
async function blocksOf(disk: MemoryDisk): Promise<Block[]> {
  const blocks: Block[] = [];
  for (const path of disk.paths().filter((path) => path.endsWith(".journal"))) {
    const bytes = (await disk.readFile(path))!;
    for (let from = 0; from < bytes.length; from++) {
      const header = readBlockHeader(bytes, from);
      if (header === undefined || !blockIsWhole(bytes, from, header, platform)) continue;
      blocks.push({ path, from, to: from + blockHeaderBytes + header.entriesBytes, firstEntry: header.firstEntry });
    }
  }
  return blocks.sort((a, b) => a.firstEntry - b.firstEntry);
}

/** A block behind the checkpoint: a group of its own, since each append was acknowledged before the next one came. */
interface Group extends Block {
  readonly answersBefore: Answers;
}

async function groupsBetween(moments: readonly MemoryDisk[], flush: number): Promise<Group[]> {
  const groups: Group[] = [];
  for (const [index, before] of moments.slice(0, -1).entries()) {
    const last = (await blocksOf(before)).at(-1)!;
    const added = (await blocksOf(moments[index + 1]!)).filter(({ firstEntry }) => firstEntry > last.firstEntry);
    assert.equal(added.length, 1);
    groups.push({ ...added[0]!, answersBefore: await answersOf(before.after({ kind: "kill" }), flush) });
  }
  return groups;
}

/** What must come of a changed byte. */
interface Fate {
  /** The start is refused with these words. */
  readonly refusal?: string;
  /** Without it nothing is cut. */
  readonly isCut?: true;
  readonly answers?: Answers;
  readonly mayBeCorrupt?: true;
  /** The one thing that is not found: in a compacted segment an offset may move between its neighbours'. */
  readonly mayMove?: boolean;
}

const compacted = "states";

function isCompactedOffset(path: string, bytes: Uint8Array, at: number): boolean {
  if (!path.startsWith(`data/${compacted}-`)) return false;
  let from = 0;
  while (from <= at - 12 - readInt32(bytes, from + 8)) from += 12 + readInt32(bytes, from + 8);
  return at < from + 8;
}

/** @returns what is wrong with how the damage was met; undefined when it was met well. */
async function wrong(disk: MemoryDisk, flush: number, fate: Fate): Promise<string | undefined> {
  const met = await start(disk, flush);
  if (typeof met === "string") return fate.refusal && met.includes(fate.refusal) ? undefined : met;
  const { answers, told } = met;
  if (fate.refusal) return `the start was not refused, ${told.cuts.join() || "nothing was told"}`;
  if (told.cuts.length > 0 !== (fate.isCut === true)) return `told of cuts: ${told.cuts.join() || "none"}`;
  const isDamaged = [...answers.values()].includes("corrupt");
  if (isDamaged && told.damage.length === 0) return "an answer was refused, and nobody was told why";
  for (const question of new Set([...fate.answers!.keys(), ...answers.keys()])) {
    if (fate.mayMove && question.startsWith(`${compacted}: `)) continue;
    const answer = answers.get(question);
    if (answer === fate.answers!.get(question) || (fate.mayBeCorrupt && answer === "corrupt")) continue;
    return `${question}: ${answer}, ${told.cuts.join() || "nothing was cut"}`;
  }
  return undefined;
}

const kinds = [".journal", ".log", ".index", ".timeindex", "/checkpoint"];

/** @returns what is wrong with how a changed byte was met, for each byte of all files. */
async function wrongAnywhere(flush: number): Promise<string[]> {
  const moments = await smallLog(flush);
  const disk = moments.at(-1)!;
  const copyOf = () => disk.after({ kind: "kill" });
  const groups = await groupsBetween(moments, flush);
  const answers = await answersOf(copyOf(), flush);
  assert.ok(![...answers.values()].includes("corrupt"));
  const fateOf = (path: string, bytes: Uint8Array, at: number): Fate => {
    if (path.endsWith("/checkpoint")) return { refusal: "data/checkpoint: its checksum does not fit" };
    if (path.endsWith(".log")) return { answers, mayBeCorrupt: true, mayMove: isCompactedOffset(path, bytes, at) };
    const group = groups.find((group) => group.path === path && at >= group.from && at < group.to);
    if (group === undefined) return { answers };
    if (flush === 1 && group !== groups.at(-1)) {
      return { refusal: `${path}: entry ${group.firstEntry} is damaged at byte ${group.from}` };
    }
    return { isCut: true, answers: group.answersBefore };
  };
  const bad: string[] = [];
  for (const kind of kinds) {
    const paths = disk.paths().filter((path) => path.endsWith(kind));
    assert.ok(paths.length > 0, kind);
    for (const path of paths) {
      const bytes = (await disk.readFile(path))!;
      for (let at = 0; at < bytes.length; at++) {
        const around = bytes.subarray(Math.max(0, at - 8), at + 8);
        if (at % 16 !== 0 && around.every((byte) => byte === 0)) continue;
        const copy = copyOf();
        copy.damage(path, at, 1 << ((at + (at >> 3)) % 8));
        const what = await wrong(copy, flush, fateOf(path, bytes, at)).catch((error: Error) => error.stack);
        if (what !== undefined) bad.push(`${path}, byte ${at}: ${what}`);
      }
    }
  }
  return bad;
}

test("a changed byte loses nothing acknowledged in silence: only the journal's last group may be cut", async () => {
  const bad = await wrongAnywhere(1);
  assert.equal(bad.length, 0, bad.join("\n"));
});

test("left to the system, a changed byte of the journal cuts no more than the groups from it on", async () => {
  const bad = await wrongAnywhere(1000);
  assert.equal(bad.length, 0, bad.join("\n"));
});
