/** The engine on disk: docs/decisions/0001-journal.md tells how its parts play together. */
import type { Platform } from "../../protocol/platform.ts";
import { type BatchView, position } from "../../protocol/records/batch.ts";
import { defaultProducerIdExpirationMs } from "../config.ts";
import type { Disk } from "../disk.ts";
import { type Log, type LogConfig, LogError, type TopicPartition } from "../log.ts";
import type { PartitionIdentity } from "../partition-state.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import { CheckpointRound, dueBytes, mostSyncedAtOnce } from "./checkpoint-round.ts";
import { deleteOldSegments } from "./cleaner.ts";
import { compact, finishSwaps, hasSwaps, UnreadableError } from "./compactor.ts";
import { deletedPath, moveAway } from "./deleted-folder.ts";
import { each } from "./each.ts";
import { asFailure, type Engine } from "./engine.ts";
import { FileCache } from "./file-cache.ts";
import { Journal, type JournalPosition, type JournalStart } from "./journal.ts";
import { FilePartition } from "./partition.ts";
import { Slabs } from "./slabs.ts";

export interface FileLogOptions {
  readonly disk: Disk;
  readonly platform: Platform;
  readonly folder: string;
  /** log.flush.interval.messages: 1 syncs every append before it counts, more leaves that to the operating system. */
  readonly flushIntervalMessages?: number;
  readonly producerIdExpirationMs?: number;
  /** Wall time at the start, for the age of segments that recovery makes. */
  readonly wallMs?: number;
  readonly journalFileBytes?: number;
  /** So much journal brings the next checkpoint. */
  readonly checkpointBytes?: number;
  /** A start writes segments each time that it has read so much of the journal. */
  readonly recoveryBytes?: number;
  /** So much of the latest appends stays in memory for consumers. */
  readonly hotTailBytes?: number;
  /** So many bytes may wait for durability; beyond them appends are refused. */
  readonly maxPendingBytes?: number;
  readonly maxOpenFiles?: number;
  /** Memory that records are read into for consumers, with anything in it; it is theirs. */
  readonly memory?: (bytes: number) => Uint8Array;
  /** The disk failed: nothing is taken any more, the broker must stop. Called once. */
  readonly onFailure?: (error: LogError) => void;
  /** At the start something unfinished was found, and cut: the end of a write that a crash interrupted. */
  readonly onCut?: (what: string) => void;
  /** A partition's files are damaged: it serves no more. */
  readonly onDamage?: (at: TopicPartition, error: Error) => void;
}

const megabyte = 1024 * 1024;
/** So much is gathered before segments are written; of many partitions more, since files cost by the piece. */
const writeBehindBytes = { few: 4 * megabyte, many: 24 * megabyte };
/** One thread of the pool's four stays free for the journal. */
const filesAtATime = 3;
const flushedInOneTurn = 16;
/** From this size on a batch's own checksum, which fits, is made a part of its journal block's (16 KB: 1 µs, not 4). */
const summedBytes = 4096;

export const checkpointPath = (folder: string) => `${folder}/checkpoint`;

export class FileLog implements Log, Engine {
  readonly disk: Disk;
  readonly platform: Platform;
  readonly folder: string;
  readonly files: FileCache;
  readonly memory: (bytes: number) => Uint8Array;
  readonly slabs: Slabs;
  /** Does an acknowledgement wait until its record is on the disk? Else the system has it. */
  readonly isSynced: boolean;
  readonly unwritten = new Set<FilePartition>();
  readonly changed = new Set<FilePartition>();
  pendingBytes = 0;
  failure: LogError | undefined;
  /** Set by `start`. */
  journal!: Journal;
  nextNumber = 0;
  readonly byNumber = new Map<number, FilePartition>();
  /** To be removed, with the wall time from which on it may be. */
  readonly doomed = new Map<string, number | undefined>();
  /** Deleted partitions, by their folders, which still have their names. */
  readonly leaving = new Map<string, FilePartition>();
  /** Found while it opens, of partitions that the journal may tell to be deleted later on. */
  readonly #damaged = new Map<FilePartition, Error>();
  readonly #options: FileLogOptions;
  readonly #configs = new Map<string, LogConfig>();
  readonly #partitions = new Map<string, FilePartition>();
  /** Names of partitions that are being made, or whose deleted folder still has to give up its name. */
  readonly #busyNames = new Map<string, Promise<void>>();
  readonly #unlock: () => Promise<void>;
  /** Everything in the slabs below it is in segment files. */
  #writtenAddress = 0;
  #isWritingBehind = false;
  rootUnsynced = false;
  isClosing = false;
  #writingBehind: Promise<void> = Promise.resolve();
  #checkpointing: Promise<void> = Promise.resolve();
  /** A checkpoint that the journal's length brought is under way, or waits for another one's end. */
  #dueCheckpointIsUnderWay = false;
  /** Of the latest checkpoint. */
  #round: CheckpointRound | undefined;
  #cleaning: Promise<void> = Promise.resolve();

  constructor(options: FileLogOptions, unlock: () => Promise<void>) {
    this.#options = options;
    this.#unlock = unlock;
    this.disk = options.disk;
    this.platform = options.platform;
    this.folder = options.folder;
    this.files = new FileCache(options.disk, options.maxOpenFiles ?? 512);
    this.memory = options.memory ?? ((bytes) => new Uint8Array(bytes));
    this.slabs = new Slabs(megabyte);
    this.isSynced = (options.flushIntervalMessages ?? 1) <= 1;
  }

  /** Begins to take appends, behind what recovery found. @param journalBytes to be covered by the next checkpoint. */
  start(start: JournalStart, journalBytes: number): void {
    this.journal = new Journal(
      {
        disk: this.disk,
        folder: this.folder,
        platform: this.platform,
        slabs: this.slabs,
        isSynced: this.isSynced,
        fileBytes: this.#options.journalFileBytes ?? 16 * megabyte,
        room: () => this.#room(),
        onFailure: (error) => this.fail(error),
      },
      start,
      journalBytes,
    );
    for (const [log, error] of this.#damaged) if (log.refusal === "corrupt") this.onDamage(log, error);
  }

  partitions(): Iterable<FilePartition> {
    return this.#partitions.values();
  }

  get(topic: string, partition: number): FilePartition | undefined {
    return this.#partitions.get(`${topic}-${partition}`);
  }

  async create(at: PartitionIdentity, config: LogConfig): Promise<FilePartition> {
    const name = `${at.topic}-${at.partition}`;
    while (this.#busyNames.has(name)) await this.#busyNames.get(name);
    this.#throwIfFailed();
    if (this.#partitions.has(name)) throw new LogError("exists", `${name} exists`);
    const log = new FilePartition({ ...at, number: this.nextNumber++ }, config, this);
    const text = JSON.stringify({ topic: at.topic, partition: at.partition, topicId: at.topicId, config });
    const place = this.journal.append("create", log.number, this.platform.utf8Length(text));
    this.platform.utf8Write(text, place.bytes, place.at);
    log.appliedEntry = this.journal.lastEntry;
    this.changed.add(log);
    // Known in the very moment: a checkpoint that lets the entry go must have it.
    await this.#busy(name, async () => {
      await this.journal.written(() => this.add(log));
      await this.synced();
    });
    return log;
  }

  add(log: FilePartition): void {
    this.#partitions.set(`${log.topic}-${log.partition}`, log);
    this.byNumber.set(log.number, log);
  }

  async delete(topic: string, partition: number): Promise<void> {
    const log = this.get(topic, partition);
    if (log === undefined) return;
    this.#throwIfFailed();
    this.forget(log);
    this.journal.append("delete", log.number, 0);
    await this.#busy(`${topic}-${partition}`, async () => {
      await this.synced();
      await this.giveUpFolder(log);
    });
  }

  /** It serves no more; its folder is to be removed. */
  forget(log: FilePartition): void {
    this.#partitions.delete(`${log.topic}-${log.partition}`);
    this.byNumber.delete(log.number);
    this.doom([deletedPath(this.folder, log.number)]);
    this.leaving.set(log.folder, log);
    log.markDeleted();
  }

  /** Lets the folder's name go, so that a partition may be made again under it. */
  giveUpFolder(log: FilePartition): Promise<void> {
    return log.inLane(async () => {
      await moveAway(log, this);
      this.leaving.delete(log.folder);
      this.doom([deletedPath(this.folder, log.number)]); // again: cleaning may have looked before it was there
    });
  }

  async #busy(name: string, action: () => Promise<void>): Promise<void> {
    const done = action();
    const settled = done
      .catch(() => undefined)
      .then(() => void (this.#busyNames.get(name) === settled && this.#busyNames.delete(name)));
    this.#busyNames.set(name, settled);
    await done;
  }

  async synced(): Promise<void> {
    this.#throwIfFailed();
    await this.journal.sync();
  }

  store(log: FilePartition, bytes: Uint8Array, batches: readonly BatchView[]): number {
    const [batch] = batches;
    const isKnown = batches.length === 1 && bytes.length >= summedBytes;
    const sum = isKnown ? { start: position.attributes, crc: batch!.crc } : undefined;
    const place = this.journal.append("append", log.number, bytes.length, sum);
    place.bytes.set(bytes, place.at);
    log.appliedEntry = this.journal.lastEntry;
    if (this.#isWriteDue) this.#writeBehind();
    this.#checkpointWhenDue();
    return place.address;
  }

  /** To sync more segments takes longer than a start takes to read the journal instead. */
  get #checkpointIsCheap(): boolean {
    let unsynced = 0;
    for (const log of this.changed) if (log.isUnsynced) unsynced++;
    return unsynced <= mostSyncedAtOnce;
  }

  #checkpointWhenDue(): void {
    const bytes = this.journal.bytesSinceRotation + this.pendingBytes;
    const isDue = bytes > dueBytes(this.changed.size, this.#checkpointBytes);
    if (!isDue || this.#dueCheckpointIsUnderWay) return;
    this.#dueCheckpointIsUnderWay = true; // here and now: more appends come in this very turn of the event loop
    this.checkpoint()
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#dueCheckpointIsUnderWay = false;
      });
  }

  get #checkpointBytes(): number {
    return this.#options.checkpointBytes ?? 48 * megabyte;
  }

  isFull(bytes: number): boolean {
    return this.pendingBytes > 0 && this.pendingBytes + bytes > this.#maxPendingBytes;
  }

  get #maxPendingBytes(): number {
    return this.#options.maxPendingBytes ?? 64 * megabyte;
  }

  get #unwrittenBytes(): number {
    return this.slabs.endAddress - this.#writtenAddress;
  }

  get #isWriteDue(): boolean {
    const { few, many } = writeBehindBytes;
    return this.#unwrittenBytes > (this.unwritten.size > mostSyncedAtOnce ? many : few);
  }

  /** Where segments fall back behind the journal, acknowledgements slow down to their pace: memory has an end. */
  #room(): Promise<void> | undefined {
    if (this.isClosing || this.failure) return undefined;
    const unwritten = this.#unwrittenBytes - this.pendingBytes;
    if (unwritten <= 2 * this.#maxPendingBytes + writeBehindBytes.few)
      return this.#round?.room(this.journal.bytesSinceRotation);
    this.#writeBehind();
    return this.#writingBehind;
  }

  shared(config: LogConfig): LogConfig {
    const key = JSON.stringify(config);
    const known = this.#configs.get(key);
    if (known === undefined) this.#configs.set(key, config);
    return known ?? config;
  }

  doom(paths: readonly string[]): void {
    for (const path of paths) this.doomed.set(path, undefined);
  }

  #writeBehind(): void {
    if (this.#isWritingBehind) return;
    this.#isWritingBehind = true;
    this.#writingBehind = Promise.resolve()
      .then(() => this.#writeRounds())
      .catch((error: unknown) => this.fail(error));
  }

  /** One round after the other, as long as there is enough to write. */
  async #writeRounds(): Promise<void> {
    while (!this.isClosing && this.#isWriteDue) await this.writeAll();
    this.#isWritingBehind = false;
  }

  /** Do segments keep pace with the journal? Then they leave threads and processors to those who wait for it. */
  get #isCalm(): boolean {
    return this.unwritten.size <= mostSyncedAtOnce && this.#unwrittenBytes <= 2 * writeBehindBytes.few;
  }

  /** Writes everything that was appended up to now to segment files, unsynced, and lets old slabs go. */
  async writeAll(): Promise<void> {
    const address = this.slabs.endAddress;
    let flushed = 0;
    await each([...this.unwritten], this.#isCalm ? 1 : filesAtATime, async (log) => {
      if (this.#isCalm) await this.journal?.underWay(); // nobody waits for segments
      if (this.isClosing) return;
      await log.flush();
      if (++flushed % flushedInOneTurn === 0) await this.disk.gathered(); // a little is written within the call
    });
    if (this.isClosing) return; // the journal has it all
    this.#writtenAddress = Math.max(this.#writtenAddress, address);
    const journaled = this.journal?.writtenAddress ?? Number.POSITIVE_INFINITY; // before the start there is none
    this.slabs.release(Math.min(this.#writtenAddress, journaled), this.#options.hotTailBytes ?? 16 * megabyte);
  }

  /** Makes the segment files durable, and frees the journal that they make needless. */
  checkpoint(): Promise<void> {
    const next = this.#checkpointing.then(() => this.#checkpoint("any"));
    this.#checkpointing = next.catch(() => undefined); // told by `next`
    return next;
  }

  /** @param when only the `last` one goes on while the log is being closed. */
  async #checkpoint(when: "any" | "last"): Promise<void> {
    this.#throwIfFailed();
    try {
      const journal = await this.journal.rotate();
      const changed = [...this.changed];
      this.changed.clear();
      const interrupted = () => this.isClosing && when !== "last";
      this.#round = new CheckpointRound(changed.length, this.journal.bytesBeforeRotation, this.#checkpointBytes);
      await this.#round.run(changed, filesAtATime, async (log) => {
        if (!interrupted()) await log.checkpoint();
      });
      if (interrupted()) {
        for (const log of changed) this.changed.add(log);
        return;
      }
      const isRootUnsynced = this.rootUnsynced;
      this.rootUnsynced = false; // a folder that is made meanwhile sets it again
      if (isRootUnsynced) await this.disk.syncFolder(this.folder);
      await this.journal.sync(journal.sequence); // what the checkpoint shows of a partition, it shows of the others
      await this.#writeCheckpoint(journal);
    } catch (error) {
      this.fail(error);
      throw this.failure;
    }
  }

  async #writeCheckpoint(journal: JournalPosition): Promise<void> {
    const { nextNumber, isSynced, platform } = this;
    const doomed = [...this.doomed.keys()]; // and what leaves, which has the one name or the other after a kill
    for (const log of this.leaving.values()) doomed.push(log.folder, deletedPath(this.folder, log.number));
    const state = { format: 2, journal, nextNumber, isSynced, doomed } as const;
    const bytes = encodeCheckpoint(state, this.partitions(), platform);
    await this.disk.replaceFile(checkpointPath(this.folder), bytes);
    await this.journal.release(journal.sequence);
  }

  /** @throws {UnreadableError} at the end of the round, when a partition could not be cleaned. */
  clean(wallMs: number): Promise<void> {
    const next = this.#cleaning.then(() => this.#clean(wallMs));
    this.#cleaning = next.catch(() => undefined); // told by `next`
    return next;
  }

  async #clean(wallMs: number): Promise<void> {
    this.#throwIfFailed();
    const unreadable: UnreadableError[] = [];
    const expirationMs = this.#options.producerIdExpirationMs ?? defaultProducerIdExpirationMs;
    const compacted: FilePartition[] = [];
    for (const log of [...this.#partitions.values()]) {
      if (this.isClosing) return;
      const { size } = log.producerStates;
      log.producerStates.expire(wallMs, expirationMs);
      if (log.producerStates.size !== size) this.changed.add(log);
      if (log.refusal === undefined) await this.#cleanPartition(log, wallMs, unreadable);
      if (log.refusal === undefined && hasSwaps(log)) compacted.push(log);
      for (const segment of log.segments.slice(0, -1)) segment.index.unload();
      for (const segment of log.segments) segment.verified.clear(); // so often at least, what is read is checked
    }
    const doomed = [...this.doomed.keys()];
    const wanted = doomed.length > 0 || compacted.length > 0 || (this.changed.size > 0 && this.#checkpointIsCheap);
    if (wanted) await this.checkpoint();
    else await this.#syncSome();
    if (this.isClosing) return; // maybe without the checkpoint that must come first
    for (const log of compacted) await finishSwaps(log, this);
    await this.#removeDoomed(doomed, wallMs);
    if (unreadable[0]) throw unreadable[0];
  }

  /**
   * Many partitions: some at each round, until the checkpoint has become cheap. Never beside a checkpoint, whose file
   * would tell of what its sync has not covered.
   */
  #syncSome(): Promise<void> {
    const unsynced = [...this.changed].filter((log) => log.isUnsynced).slice(0, mostSyncedAtOnce);
    const next = this.#checkpointing.then(() =>
      each(unsynced, filesAtATime, async (log) => {
        if (!this.isClosing) await log.checkpoint();
      }),
    );
    this.#checkpointing = next.catch(() => undefined); // told by `next`
    return next.catch((error: unknown) => {
      this.fail(error);
      throw this.failure;
    });
  }

  async #cleanPartition(log: FilePartition, wallMs: number, unreadable: UnreadableError[]): Promise<void> {
    try {
      await deleteOldSegments(log, this, wallMs);
      await compact(log, this, wallMs);
    } catch (error) {
      if (log.refusal !== undefined) return; // damage was told; what was deleted meanwhile needs no cleaning
      if (!(error instanceof UnreadableError)) {
        this.fail(error); // a write failed
        throw this.failure;
      }
      if (error.cause instanceof LogError) unreadable.push(error);
    }
  }

  /** @param paths no checkpoint names them any more. */
  async #removeDoomed(paths: readonly string[], wallMs: number): Promise<void> {
    for (const path of paths) {
      const log = this.#owner(path);
      const dueMs = this.doomed.get(path) ?? wallMs + (log?.config.fileDeleteDelayMs ?? 0);
      this.doomed.set(path, dueMs);
      if (dueMs > wallMs) continue;
      if (!log?.segments.some((segment) => segment.paths.includes(path))) {
        await this.files.dropUnder(path);
        await this.disk.remove(path);
      }
      // Not before it is gone, so that checkpoints name it. A folder that took the name meanwhile is doomed again.
      if (this.doomed.get(path) === dueMs) this.doomed.delete(path);
    }
  }

  async removeNow(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    await this.#removeDoomed(paths, Number.POSITIVE_INFINITY);
    await this.checkpoint(); // which does not name them any more
  }

  #owner(path: string): FilePartition | undefined {
    const folder = path.slice(0, path.lastIndexOf("/"));
    return this.#partitions.get(folder.slice(this.folder.length + 1));
  }

  /** Resolves when what partitions had under way in their files is through. */
  async idle(): Promise<void> {
    const logs = [...this.#partitions.values(), ...this.leaving.values()];
    await Promise.all(logs.map((log) => log.inLane(() => Promise.resolve())));
  }

  async close(): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    // What runs in the background stops at its next partition; nothing may write here once the lock is given back.
    await this.#writingBehind;
    await this.#cleaning;
    await this.#checkpointing;
    await this.journal.drained();
    await Promise.all(this.#busyNames.values());
    try {
      if (this.failure === undefined) {
        if (this.#checkpointIsCheap) await this.#checkpoint("last");
        else await this.journal.sync();
      }
    } finally {
      this.failure ??= new LogError("closed", "the log was closed");
      await this.journal.close();
      await this.idle();
      await this.files.closeAll();
      await this.#unlock();
    }
  }

  fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = asFailure(error);
    this.#options.onFailure?.(this.failure);
  }

  cut(what: string): void {
    this.#options.onCut?.(what);
  }

  onDamage(log: FilePartition, error: Error): void {
    if (this.journal === undefined) this.#damaged.set(log, error);
    else this.#options.onDamage?.(log, error);
  }

  #throwIfFailed(): void {
    if (this.failure) throw this.failure;
  }
}
