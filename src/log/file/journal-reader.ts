/** Reads the journal after a crash, and tells a torn end from damage. */
import type { Platform } from "../../protocol/platform.ts";
import type { Disk, DiskFile } from "../disk.ts";
import { LogError } from "../log.ts";
import { type JournalPosition, type JournalStart, slotPath } from "./journal.ts";
import {
  type BlockHeader,
  blockHeaderBytes,
  blockIsWhole,
  type Entry,
  readBlockHeader,
  readEntries,
} from "./journal-format.ts";

interface Source {
  readonly disk: Disk;
  readonly folder: string;
  readonly platform: Platform;
}

interface JournalFile {
  readonly slot: number;
  readonly sequence: number;
}

/**
 * Applies every whole entry from `from` on, in order.
 * @returns where the journal goes on. Its files stay as they are until a checkpoint covers them.
 * @throws {LogError} `corrupt` when entries are missing that were durable once.
 */
export async function readJournal(
  source: Source,
  from: JournalPosition,
  apply: (entry: Entry) => Promise<void>,
): Promise<JournalStart> {
  const slots = await readSlots(source, from.sequence);
  const files = [...slots]
    .map(([slot, sequence]): JournalFile => ({ slot, sequence }))
    .filter(({ sequence }) => sequence >= from.sequence)
    .sort((a, b) => a.sequence - b.sequence);
  let expected = from.entry;
  for (const file of files) {
    const bytes = (await source.disk.readFile(slotPath(source.folder, file.slot))) ?? new Uint8Array(0);
    let at = 0;
    for (;;) {
      const header = readBlockHeader(bytes, at);
      if (!header || !belongs(header, file.sequence, expected) || !blockIsWhole(bytes, at, header, source.platform))
        break;
      for (const entry of readEntries(bytes, at, header)) await apply(entry);
      expected = header.firstEntry + header.count;
      at += blockHeaderBytes + header.entriesBytes;
    }
    const path = slotPath(source.folder, file.slot);
    if (at > 0) await syncFile(source.disk, path); // a killed process may have left it to the system to write
    refuseDamage(bytes, { at, sequence: file.sequence, expected, path }, source.platform);
  }
  const lastSequence = Math.max(from.sequence - 1, ...files.map(({ sequence }) => sequence));
  const needed = new Map([...slots].map(([slot, sequence]) => [slot, sequence >= from.sequence ? sequence : -1]));
  return { nextSequence: lastSequence + 1, nextEntry: expected, slots: needed };
}

async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "existing");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function belongs(header: BlockHeader, sequence: number, entry: number): boolean {
  return header.sequence === sequence && header.firstEntry === entry;
}

/** Files of the journal by slot, with the sequence that their first block tells; -1 for one that is not needed. */
async function readSlots({ disk, folder, platform }: Source, fromSequence: number): Promise<Map<number, number>> {
  const slots = new Map<number, number>();
  for (const name of await disk.list(folder)) {
    const slot = /^(\d+)\.journal$/.exec(name)?.[1];
    if (slot === undefined) continue;
    const file = await disk.open(slotPath(folder, Number(slot)), "read-write");
    try {
      slots.set(Number(slot), await readSequence(file, platform, fromSequence));
    } finally {
      await file.close();
    }
  }
  return slots;
}

async function readSequence(file: DiskFile, platform: Platform, fromSequence: number): Promise<number> {
  const head = new Uint8Array(blockHeaderBytes);
  await file.read(0, head);
  const header = readBlockHeader(head, 0);
  if (!header || header.sequence < fromSequence || header.entriesBytes > (await file.size())) return -1;
  const block = new Uint8Array(blockHeaderBytes + header.entriesBytes);
  const bytes = await file.read(0, block);
  return blockIsWhole(block.subarray(0, bytes), 0, header, platform) ? header.sequence : -1;
}

interface End {
  readonly at: number;
  readonly sequence: number;
  /** Number of the first entry that is missing. */
  readonly expected: number;
  readonly path: string;
}

/**
 * Groups are written one after the other. A whole block of a group that began later than the missing entry shows
 * that the entry was durable and acknowledged once: to cut there would lose it silently.
 */
function refuseDamage(bytes: Uint8Array, end: End, platform: Platform): void {
  for (let at = bytes.indexOf(0x52, end.at); at >= 0; at = bytes.indexOf(0x52, at + 1)) {
    const header = readBlockHeader(bytes, at);
    if (!header || header.sequence !== end.sequence || header.groupEntry <= end.expected) continue;
    if (!blockIsWhole(bytes, at, header, platform)) continue;
    throw new LogError(
      "corrupt",
      `${end.path}: entry ${end.expected} is damaged at byte ${end.at}, while entry ${header.firstEntry} at ${at} ` +
        "shows that it was durable; restore the file from a copy, or move the data folder away to start empty",
    );
  }
}
