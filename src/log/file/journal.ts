/**
 * The one journal of all partitions (docs/decisions/0001-journal.md): group commit by one write at a time, synchronous
 * or left to the system, in preallocated files that are used again once a checkpoint covers what they hold.
 */
import type { Platform } from "../../protocol/platform.ts";
import type { Disk, DiskFile } from "../disk.ts";
import { asFailure } from "./engine.ts";
import { Deferred, Group } from "./group.ts";
import {
  blockHeaderBytes,
  type EntryKind,
  entryHeaderBytes,
  type Summed,
  sealBlock,
  writeEntryHeader,
} from "./journal-format.ts";
import type { Place, Slabs } from "./slabs.ts";

export interface JournalOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly platform: Platform;
  readonly slabs: Slabs;
  readonly fileBytes: number;
  /** Is a write durable when it has ended? Else it is the system's, and `sync` makes it durable. */
  readonly isSynced: boolean;
  /** What the next group waits for before it is written; undefined when it may be at once. */
  readonly room: () => Promise<void> | undefined;
  readonly onFailure: (error: Error) => void;
}

/** Where the journal goes on, and what its folder holds. */
export interface JournalStart {
  readonly nextSequence: number;
  readonly nextEntry: number;
  /** Files by slot number, with the sequence that recovery still needs; -1 for one that may be used at once. */
  readonly slots: ReadonlyMap<number, number>;
}

/** From which file and entry on the journal counts. */
export interface JournalPosition {
  readonly sequence: number;
  readonly entry: number;
}

interface Block {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly address: number;
  readonly firstEntry: number;
  count: number;
  end: number;
  /** In their order. */
  readonly summed: Summed[];
}

interface FormingGroup {
  readonly group: Group;
  readonly blocks: Block[];
  bytes: number;
}

interface Slot {
  readonly number: number;
  file: DiskFile | undefined;
  /** -1 when free. */
  sequence: number;
  position: number;
  /** Its size; 0 until it was opened. */
  bytes: number;
}

/** A group that has grown to this size takes no more: the next one forms behind it. */
const largestGroupBytes = 4 * 1024 * 1024;

/** Up to so much is copied to the system within the call: that costs less than to wake a thread and to be woken. */
const mostWrittenNow = 64 * 1024;

const firstFileBytes = 1024 * 1024;

/** A burst may have made more files than are needed afterwards: so many are kept, or what one checkpoint freed. */
const fewFreeSlots = 6;

/** No folder of a partition, `<topic>-<number>`, can have that name. */
export const slotPath = (folder: string, slot: number) => `${folder}/${slot}.journal`;

export async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "existing");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export class Journal {
  readonly #options: JournalOptions;
  #slots: Slot[];
  #nextSlotNumber: number;
  #current: Slot | undefined;
  #nextSequence: number;
  #nextEntry: number;
  #groups: FormingGroup[] = [];
  /** The group whose write is under way. */
  #writing: FormingGroup | undefined;
  #lastGroup = Group.complete();
  /** Files with bytes that no sync has covered. */
  readonly #unsynced: Set<Slot>;
  #syncing: Promise<void> = Promise.resolve();
  #nextSync: Promise<void> | undefined;
  /** Files before this sequence are left out of it. */
  #nextSyncFrom = Number.POSITIVE_INFINITY;
  #running = false;
  #run: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #preparing: Promise<void> | undefined;
  readonly #rotations: { resolve: (at: JournalPosition) => void; reject: (error: Error) => void }[] = [];
  /** Bytes written since the last rotation; at a start those that it has read. */
  bytesSinceRotation: number;
  /** Bytes written between the two last rotations. */
  bytesBeforeRotation = 0;

  /** @param bytes that lie in front of what comes, and that no checkpoint covers. */
  constructor(options: JournalOptions, start: JournalStart, bytes = 0) {
    this.#options = options;
    this.bytesSinceRotation = bytes;
    this.#nextSequence = start.nextSequence;
    this.#nextEntry = start.nextEntry;
    this.#nextSlotNumber = 1 + Math.max(-1, ...start.slots.keys());
    this.#slots = [...start.slots].map(([number, sequence]) => ({
      number,
      file: undefined,
      sequence,
      position: 0,
      bytes: 0,
    }));
    // A process that was killed synced what it had to, and no more. Nothing says what that was.
    this.#unsynced = new Set(options.isSynced ? [] : this.#slots.filter(({ sequence }) => sequence >= 0));
  }

  /** Number of the last entry that was appended. */
  get lastEntry(): number {
    return this.#nextEntry - 1;
  }

  /** The group that the last entry went into. */
  get lastGroup(): Group {
    return this.#lastGroup;
  }

  /** What lies below it in the slabs was written. */
  get writtenAddress(): number {
    const first = this.#writing ?? this.#groups[0];
    return first?.blocks[0]?.address ?? Number.POSITIVE_INFINITY;
  }

  #forming(): FormingGroup {
    let last = this.#groups.at(-1);
    if (last === undefined || last.bytes >= largestGroupBytes) {
      last = { group: new Group(), blocks: [], bytes: 0 };
      this.#groups.push(last);
    }
    return last;
  }

  /**
   * Makes room for an entry's payload, which the caller writes there before it returns to the event loop.
   * @param sum of its bytes from `start` to the end the checksum is known: they are not read for the block's.
   */
  append(
    kind: EntryKind,
    partition: number,
    payloadBytes: number,
    sum?: { readonly start: number; readonly crc: number },
  ): Place {
    const { slabs } = this.#options;
    const forming = this.#forming();
    const bytes = entryHeaderBytes + payloadBytes;
    let block = forming.blocks.at(-1);
    let place: Place;
    if (block !== undefined && slabs.fits(bytes)) {
      place = slabs.reserve(bytes);
    } else {
      const withHeader = slabs.reserve(blockHeaderBytes + bytes);
      place = shifted(withHeader, blockHeaderBytes);
      const { at, address } = withHeader;
      block = { bytes: place.bytes, at, address, firstEntry: this.#nextEntry, count: 0, end: place.at, summed: [] };
      forming.blocks.push(block);
    }
    writeEntryHeader(place.bytes, place.at, { kind, partition, payloadBytes });
    block.count++;
    block.end += bytes;
    if (sum) block.summed.push({ start: block.end - payloadBytes + sum.start, end: block.end, crc: sum.crc });
    forming.bytes += bytes;
    this.#nextEntry++;
    this.#lastGroup = forming.group;
    this.#wake();
    return shifted(place, entryHeaderBytes);
  }

  /** Lets the next write begin a new file. Everything appended before the call lies in front of the position. */
  rotate(): Promise<JournalPosition> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#rotations.push({ resolve, reject });
      this.#wake();
    });
  }

  /** A checkpoint covers every file before this sequence: they may be used again, and what is too many goes. */
  async release(beforeSequence: number): Promise<void> {
    let freed = 0;
    for (const slot of this.#slots) {
      if (slot === this.#current || slot.sequence === -1 || slot.sequence >= beforeSequence) continue;
      slot.sequence = -1;
      this.#unsynced.delete(slot);
      freed++;
    }
    const kept = Math.max(fewFreeSlots, freed);
    const surplus = new Set(this.#slots.filter(({ sequence }) => sequence === -1).slice(kept));
    this.#slots = this.#slots.filter((slot) => !surplus.has(slot)); // at once: nobody may begin to write there
    await this.#syncing; // which may have one of them in hand
    for (const slot of surplus) {
      await slot.file?.close();
      await this.#options.disk.remove(slotPath(this.#options.folder, slot.number));
    }
  }

  /** Makes a file ready before it is needed. */
  prepare(): Promise<void> {
    if (this.#failure || this.#slots.some((slot) => slot.sequence === -1)) return Promise.resolve();
    this.#preparing ??= this.#makeSlot().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  /** Resolves when everything appended up to now was written, or has failed. */
  drained(): Promise<void> {
    return this.#run;
  }

  /** Resolves when the write that is under way has ended, however; undefined when there is none. */
  underWay(): Promise<void> | undefined {
    const group = this.#writing?.group;
    return group && new Promise((resolve) => group.join({ durable: resolve, failed: () => resolve() }));
  }

  /**
   * Resolves when everything appended up to now is on the disk. All who ask meanwhile share the next sync.
   * @param fromSequence files before it are needed no more once the caller's checkpoint is written, so they may wait.
   */
  sync(fromSequence = 0): Promise<void> {
    this.#nextSyncFrom = Math.min(this.#nextSyncFrom, fromSequence);
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = undefined;
      this.#syncing = this.#sync();
      return this.#syncing;
    });
    return this.#nextSync;
  }

  async #sync(): Promise<void> {
    const from = this.#nextSyncFrom;
    this.#nextSyncFrom = Number.POSITIVE_INFINITY;
    await this.written();
    const slots = this.#slots.filter((slot) => slot.sequence >= from && this.#unsynced.delete(slot));
    try {
      await Promise.all(slots.map((slot) => this.#syncSlot(slot)));
    } catch (error) {
      this.#fail(error);
      throw this.#failure;
    }
  }

  async #syncSlot({ file, number }: Slot): Promise<void> {
    if (file !== undefined) return file.sync();
    const { disk, folder } = this.#options;
    await syncFile(disk, slotPath(folder, number));
  }

  /** Resolves when everything appended up to now was written. @param then runs in the very moment. */
  async written(then: () => void = () => undefined): Promise<void> {
    const { promise, resolve, reject } = new Deferred();
    const durable = () => {
      then();
      resolve();
    };
    this.#lastGroup.join({ durable, failed: reject });
    await promise;
  }

  /** Nothing may be appended any more. */
  async close(): Promise<void> {
    await this.drained();
    this.#failure ??= new Error("the journal was closed");
    await this.#preparing?.catch(() => undefined);
    for (const slot of this.#slots) await slot.file?.close();
  }

  #wake(): void {
    if (this.#failure) return this.#failGroups(this.#failure);
    if (this.#running) return;
    this.#running = true;
    this.#run = this.#options.disk
      .gathered()
      .then(() => this.#writeGroups())
      .catch((error: unknown) => this.#fail(error));
  }

  async #writeGroups(): Promise<void> {
    for (;;) {
      this.#answerRotations();
      for (let room = this.#room(); room; room = this.#room()) await room;
      const next = this.#groups[0];
      if (next === undefined || next.blocks.length === 0) break;
      this.#writing = this.#groups.shift();
      try {
        await this.#write(next.blocks);
      } catch (error) {
        this.#groups.unshift(next);
        throw error;
      }
      this.#writing = undefined;
      next.group.complete();
    }
    this.#running = false;
  }

  /** Who has nothing to write waits for nothing: a rotation that is asked for meanwhile would not be heard. */
  #room(): Promise<void> | undefined {
    return this.#groups.length === 0 ? undefined : this.#options.room();
  }

  #fail(error: unknown): void {
    const failure = asFailure(error);
    this.#failure = failure;
    this.#options.onFailure(failure);
    this.#failGroups(failure);
    for (const { reject } of this.#rotations) reject(failure);
  }

  #failGroups(failure: Error): void {
    for (const { group } of this.#groups) group.fail(failure);
    this.#groups = [];
  }

  #answerRotations(): void {
    if (this.#rotations.length === 0) return;
    if (this.#current && this.#current.position > 0) this.#current = undefined;
    const sequence = this.#current?.sequence ?? this.#nextSequence;
    const entry = this.#groups[0]?.blocks[0]?.firstEntry ?? this.#nextEntry;
    this.bytesBeforeRotation = this.bytesSinceRotation;
    this.bytesSinceRotation = 0;
    for (const { resolve } of this.#rotations.splice(0)) resolve({ sequence, entry });
  }

  async #write(blocks: readonly Block[]): Promise<void> {
    const groupEntry = blocks[0]!.firstEntry;
    let slot = this.#current ?? (await this.#nextSlot());
    let pieces: Uint8Array[] = [];
    let bytes = 0;
    const flush = async () => {
      const file = slot.file!;
      if (this.#options.isSynced || bytes > mostWrittenNow) await file.write(slot.position, pieces);
      else file.writeNow(slot.position, pieces);
      if (!this.#options.isSynced) this.#unsynced.add(slot); // not before: a sync beside the write would count for it
      const aQuarter = slot.bytes / 4;
      const isNextDue = slot.position < aQuarter && slot.position + bytes >= aQuarter;
      slot.position += bytes;
      this.bytesSinceRotation += bytes;
      if (isNextDue) this.prepare().catch((error: unknown) => this.#fail(error));
      pieces = [];
      bytes = 0;
    };
    for (const block of blocks) {
      const size = block.end - block.at;
      const position = slot.position + bytes;
      if (position > 0 && position + size > slot.bytes) {
        if (bytes > 0) await flush();
        slot = await this.#nextSlot();
      }
      const { firstEntry, count } = block;
      const header = { entriesBytes: size - blockHeaderBytes, sequence: slot.sequence, firstEntry, groupEntry, count };
      sealBlock(block.bytes, block.at, header, this.#options.platform, block.summed);
      pieces.push(block.bytes.subarray(block.at, block.end));
      bytes += size;
    }
    await flush();
  }

  async #nextSlot(): Promise<Slot> {
    const free = () => this.#slots.find((slot) => slot.sequence === -1);
    if (free() === undefined) await this.prepare();
    const slot = free()!;
    slot.sequence = this.#nextSequence++; // at once: while it is opened, `release` may look for what is too many
    const { disk, folder, isSynced } = this.#options;
    slot.file ??= await disk.open(slotPath(folder, slot.number), isSynced ? "sync" : "existing");
    slot.bytes ||= Math.max(await slot.file.size(), this.#firstFileBytes); // a crash may have left less
    slot.position = 0;
    this.#current = slot;
    return slot;
  }

  /** What a start writes has room in it: a start in an empty folder waits for no more. */
  get #firstFileBytes(): number {
    return Math.min(this.#options.fileBytes, firstFileBytes);
  }

  /** A file full of zeros: a write into it changes no metadata, and so costs one write of the disk. */
  async #makeSlot(): Promise<void> {
    const { disk, folder } = this.#options;
    const fileBytes = this.#slots.length === 0 ? this.#firstFileBytes : this.#options.fileBytes;
    const number = this.#nextSlotNumber++;
    const file = await disk.open(slotPath(folder, number), "read-write");
    const zeros = new Uint8Array(Math.min(fileBytes, 1024 * 1024));
    for (let position = 0; position < fileBytes; position += zeros.length) await file.write(position, [zeros]);
    await file.sync();
    await file.close();
    await disk.syncFolder(folder);
    this.#slots.push({ number, file: undefined, sequence: -1, position: 0, bytes: fileBytes });
  }
}

function shifted({ bytes, at, address }: Place, by: number): Place {
  return { bytes, at: at + by, address: address + by };
}
