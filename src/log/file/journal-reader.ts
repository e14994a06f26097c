/** Reads the journal after a crash, and tells a torn end from damage. */
import type { Platform } from "../../protocol/platform.ts";
import type { Disk, DiskFile } from "../disk.ts";
import { LogError } from "../log.ts";
import { FileMemory } from "./file-memory.ts";
import { type JournalPosition, type JournalStart, slotPath, syncFile } from "./journal.ts";
import {
  type BlockHeader,
  blockHeaderBytes,
  blockIsWhole,
  blockMagic,
  type Entry,
  readBlockFields,
  readBlockHeader,
  readEntries,
} from "./journal-format.ts";

interface Source {
  readonly disk: Disk;
  readonly folder: string;
  readonly platform: Platform;
  /** Told of an end that was not whole. */
  readonly onCut: (what: string) => void;
}

/** What the first block of a file tells; the sequence is -1 where it tells nothing that counts. */
interface JournalFile {
  readonly slot: number;
  readonly path: string;
  readonly sequence: number;
  /** It is not whole, so that something that counts may lie behind it: what it says all the same. */
  readonly doubtful?: Pick<BlockHeader, "sequence" | "firstEntry">;
}

/** Where blocks of the group that was read last lie. */
interface Piece {
  readonly path: string;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What the checkpoint tells of the journal. */
interface From {
  readonly position: JournalPosition;
  /** The journal had this entry on the disk before the checkpoint was written. */
  readonly lastDurable: number;
  /** Did acknowledgements wait for the disk? Else the journal may have lost what no sync covered, in any order. */
  readonly isSynced: boolean;
}

/** Entries behind the end are whole: they were lost in between. */
export type JournalEnd = JournalStart & { readonly hasHole: boolean };

/**
 * Applies every whole entry from `from` on, in order.
 * @returns where the journal goes on. Its files stay as they are until a checkpoint covers them.
 * @throws {LogError} `corrupt` when entries are missing that were durable once.
 */
export async function readJournal(
  source: Source,
  from: From,
  apply: (entry: Entry) => Promise<void>,
): Promise<JournalEnd> {
  const { disk, platform } = source;
  const { position } = from;
  const slots = await readSlots(source, position.sequence);
  const files = slots.filter(({ sequence }) => sequence >= position.sequence).sort((a, b) => a.sequence - b.sequence);
  let end: End = { sequence: position.sequence, expected: position.entry };
  let lastGroup = -1;
  let hasHole = false;
  /** Where whole blocks ended, and the sequence of the file that comes then. */
  let stop: Stop | undefined;
  let nextSequence = position.sequence;
  let pieces: Piece[] = [];
  const memory = new FileMemory(disk);
  for await (const { file, bytes } of memory.inOrder(files)) {
    end = { ...end, sequence: file.sequence };
    let at = 0;
    for (;;) {
      const header = readBlockHeader(bytes, at);
      if (!header || !belongs(header, end) || !blockIsWhole(bytes, at, header, platform)) break;
      for (const entry of readEntries(bytes, at, header)) await apply(entry);
      end = { ...end, expected: header.firstEntry + header.count };
      const next = at + blockHeaderBytes + header.entriesBytes;
      if (header.groupEntry !== lastGroup) pieces = [];
      lastGroup = header.groupEntry;
      pieces.push({ path: file.path, at, bytes: bytes.subarray(at, next) });
      at = next;
    }
    if (at > 0) {
      stop = { path: file.path, at };
      nextSequence = file.sequence + 1;
    }
    const isHere = at > 0 || file.sequence === nextSequence;
    const missing = isHere ? undefined : beginningOf(nextSequence, end.expected, slots);
    const place = missing ?? stop ?? { path: file.path, at };
    hasHole = lookBehind(bytes, at, file.path, { ...end, place }, source, from).isLater || hasHole;
    if (file === files.at(-1)) tellTorn(bytes, at, file.path, end, source);
    pieces = pieces.map((piece) => ({ ...piece, bytes: piece.bytes.slice() })); // out of the memory that is used again
  }
  await writeAgain(disk, pieces);
  let lastSequence = Math.max(position.sequence - 1, ...files.map(({ sequence }) => sequence));
  for (const { path } of slots.filter(({ doubtful }) => doubtful !== undefined)) {
    const bytes = await memory.read(path);
    const next = { sequence: end.sequence + 1, expected: end.expected };
    const place = beginningOf(nextSequence, end.expected, slots) ?? stop ?? { path, at: 0 };
    const behind = lookBehind(bytes, 0, path, { ...end, sequence: position.sequence, place }, source, from);
    lastSequence = Math.max(lastSequence, behind.lastSequence);
    hasHole ||= behind.isLater;
    tellTorn(bytes, 0, path, next, source);
  }
  if (end.expected <= from.lastDurable) {
    const last = files.at(-1)?.path ?? `${source.folder}/0.journal`;
    throw damage(`${last}: entry ${end.expected} is damaged, while the checkpoint shows entry ${from.lastDurable}`);
  }
  const needed = new Map(slots.map(({ slot, sequence }) => [slot, sequence]));
  return { nextSequence: lastSequence + 1, nextEntry: end.expected, slots: needed, hasHole };
}

/**
 * The last group may have come as far as the system's memory and no further, when the process was killed or its write
 * failed; a sync would not tell, since pages whose writing failed count as clean. What is written again is on the disk.
 */
async function writeAgain(disk: Disk, pieces: readonly Piece[]): Promise<void> {
  for (const { path, at, bytes } of pieces) {
    const file = await disk.open(path, "sync");
    try {
      await file.write(at, [bytes]);
    } finally {
      await file.close();
    }
  }
}

/** @returns the file that seems to begin with the missing entry, by a block that is not whole. */
function beginningOf(sequence: number, entry: number, slots: readonly JournalFile[]): Stop | undefined {
  const found = slots.find(({ doubtful }) => doubtful?.firstEntry === entry || doubtful?.sequence === sequence);
  return found && { path: found.path, at: 0 };
}

function belongs({ sequence, firstEntry }: BlockHeader, end: End): boolean {
  return sequence === end.sequence && firstEntry === end.expected;
}

async function readSlots({ disk, folder, platform }: Source, fromSequence: number): Promise<JournalFile[]> {
  const slots: JournalFile[] = [];
  for (const slot of await slotNumbers(disk, folder)) {
    const path = slotPath(folder, slot);
    const file = await disk.open(path, "read-write");
    try {
      slots.push({ slot, path, ...(await readFirstBlock(file, platform, fromSequence)) });
    } finally {
      await file.close();
    }
  }
  return slots;
}

/** Has whatever the last process left to the system on the disk. */
export async function syncJournal({ disk, folder }: Pick<Source, "disk" | "folder">): Promise<void> {
  for (const slot of await slotNumbers(disk, folder)) await syncFile(disk, slotPath(folder, slot));
}

async function slotNumbers(disk: Disk, folder: string): Promise<number[]> {
  return (await disk.list(folder)).flatMap((name) => /^(\d+)\.journal$/.exec(name)?.[1] ?? []).map(Number);
}

async function readFirstBlock(file: DiskFile, platform: Platform, fromSequence: number) {
  const head = new Uint8Array(blockHeaderBytes);
  await file.read(0, head);
  if (head.every((byte) => byte === 0)) return { sequence: -1 }; // as it was made
  const header = readBlockHeader(head, 0);
  const doubtful = readBlockFields(head, 0);
  if (!header || header.entriesBytes > (await file.size())) return { sequence: -1, doubtful };
  const block = new Uint8Array(blockHeaderBytes + header.entriesBytes);
  const bytes = await file.read(0, block);
  if (!blockIsWhole(block.subarray(0, bytes), 0, header, platform)) return { sequence: -1, doubtful };
  return { sequence: header.sequence < fromSequence ? -1 : header.sequence };
}

/** Where whole blocks end: the entry that is missing, and the file in which it would stand. */
interface End {
  readonly sequence: number;
  readonly expected: number;
}

/** Where the missing entry would stand. */
interface Stop {
  readonly path: string;
  readonly at: number;
}

interface Behind {
  /** The highest one of whole blocks, from the end's own one on; -1 without any. */
  readonly lastSequence: number;
  /** Is a block among them whose group began later than the missing entry? */
  readonly isLater: boolean;
}

/**
 * Groups are written one after the other. A whole block of a group that began later than the missing entry shows that
 * the entry was acknowledged once. Where acknowledgements wait for the disk, to cut there would lose it silently.
 */
function lookBehind(
  bytes: Uint8Array,
  from: number,
  path: string,
  end: End & { readonly place: Stop },
  source: Source,
  { isSynced }: From,
): Behind {
  let lastSequence = -1;
  let isLater = false;
  for (let at = bytes.indexOf(0x52, from); at >= 0; at = bytes.indexOf(0x52, at + 1)) {
    const header = readBlockHeader(bytes, at);
    if (!header || header.sequence < end.sequence || !blockIsWhole(bytes, at, header, source.platform)) continue;
    lastSequence = Math.max(lastSequence, header.sequence);
    if (header.groupEntry <= end.expected || isLater) continue;
    const { place, expected } = end;
    const found = place.path === path ? `entry ${header.firstEntry} at ${at}` : `${path}: entry ${header.firstEntry}`;
    const what = `${place.path}: entry ${expected} is damaged at byte ${place.at}, while ${found}`;
    if (isSynced) throw damage(`${what} shows that it was durable`);
    isLater = true;
    source.onCut(`${what} is whole; both are cut, since acknowledgements did not wait for the disk`);
  }
  return { lastSequence, isLater };
}

function damage(what: string): LogError {
  const cure = "restore the file from a copy, or move the data folder away to start empty";
  return new LogError("corrupt", `${what}; ${cure}`);
}

/** Is what stands behind the end the beginning of a block that should stand there? Else it is older, or nothing. */
function tellTorn(bytes: Uint8Array, at: number, path: string, { sequence, expected }: End, { onCut }: Source): void {
  if (at + blockHeaderBytes > bytes.length) return;
  const header = readBlockFields(bytes, at);
  const fitting = [header.magic === blockMagic, header.sequence === sequence, header.firstEntry === expected];
  if (fitting.filter(Boolean).length < 2) return;
  onCut(`${path}: entry ${expected} at byte ${at} is not whole; it was being written when the last run ended`);
}
