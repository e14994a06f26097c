/** A partition on disk: appends go to the journal and the tail, reads come from the tail or from segment files. */

import type { BatchView } from "../../protocol/records/batch.ts";
import { writeInt32, writeInt64 } from "../../protocol/records/integers.ts";
import { ChunkCollector, mergeSmall } from "../collect.ts";
import type { Disk } from "../disk.ts";
import {
  type AppendOptions,
  type AppendRefusal,
  type AppendResult,
  type LogConfig,
  LogError,
  type PartitionLog,
  type ReadBound,
  type ReadOptions,
  type ReadResult,
  type TimestampAndOffset,
} from "../log.ts";
import { type PartitionIdentity, PartitionState } from "../partition-state.ts";
import { ProducerStates } from "../producer-state.ts";
import { mustRoll } from "../segments.ts";
import { savePartition } from "./checkpoint.ts";
import { asFailure, type Engine } from "./engine.ts";
import { PendingAppends } from "./pending-appends.ts";
import { findTimestamp, readFiles, readTail } from "./reader.ts";
import { DamageError, FileSegment, type SegmentSource } from "./segment.ts";
import { sourceOf } from "./segment-source.ts";
import { Tail } from "./tail.ts";

const durableAlready = Promise.resolve();
const largestWriteBytes = 4 * 1024 * 1024;
/** Up to so much is copied to the system within the call: that costs less than to wake a thread and to be woken. */
const mostWrittenNow = 32 * 1024;
const fewIndexEntries = 32;

export class FilePartition extends PartitionState implements PartitionLog {
  /** In the journal and in the checkpoint; never used again. */
  readonly number: number;
  readonly folder: string;
  segments: FileSegment[] = [];
  readonly tail = new Tail();
  /** Number of the last journal entry whose effect this state shows. */
  appliedEntry = 0;
  /** Its line in the checkpoint; undefined until the first one that holds it. */
  savedLine: string | undefined;
  /** What is wrong with its files. */
  damage: string | undefined;
  /** Names in its folder, or the folder itself, are not durable. */
  namesChanged = false;
  #folderReady = false;
  /** Nothing is taken: new segments would get names of files that the last checkpoint counts on. */
  #isBeingCut = false;
  readonly #engine: Engine;
  #source: SegmentSource | undefined;
  /** In the order of their groups. */
  readonly #pending: PendingAppends[] = [];
  #newestPending: PendingAppends | undefined;
  #lane: Promise<void> = Promise.resolve();

  constructor(identity: PartitionIdentity & { readonly number: number }, config: LogConfig, engine: Engine) {
    super(identity, engine.shared(config));
    this.number = identity.number;
    this.folder = `${engine.folder}/${identity.topic}-${identity.partition}`;
    this.#engine = engine;
  }

  get source(): SegmentSource {
    this.#source ??= sourceOf(this, this.#engine);
    return this.#source;
  }

  get sizeInBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0);
  }

  /** Would a checkpoint have to sync its files? */
  get isUnsynced(): boolean {
    return this.tail.written < this.tail.length || this.segments.some(({ unsynced }) => unsynced);
  }

  get activeSegment(): FileSegment | undefined {
    return this.segments.at(-1);
  }

  override configure(config: LogConfig): void {
    super.configure(this.#engine.shared(config));
    this.#engine.changed.add(this);
  }

  /** As the journal tells it on recovery. */
  restoreLeader(leaderEpoch: number): void {
    if (leaderEpoch > this.leaderEpoch) super.becomeLeader(leaderEpoch);
  }

  override becomeLeader(leaderEpoch: number): void {
    if (leaderEpoch === this.leaderEpoch) return;
    super.becomeLeader(leaderEpoch);
    if (this.#engine.failure) return; // it leads those who read; the next life leads under a later epoch
    const { bytes, at } = this.#journal("epoch", 4);
    writeInt32(bytes, at, leaderEpoch);
  }

  /** The disk failed: what it did not take will never be there, and nobody may see it. */
  forgetUnacknowledged(): void {
    if (this.logEndOffset === this.highWatermark) return;
    this.tail.truncate(this.highWatermark);
    this.logEndOffset = this.highWatermark;
    this.epochs.truncateEnd(this.highWatermark);
    this.changed();
  }

  /** Begins a journal entry about this partition; its effect on the state must show before the next await. */
  #journal(kind: "epoch" | "start" | "truncate", payloadBytes: number): { bytes: Uint8Array; at: number } {
    const { journal, changed } = this.#engine;
    const place = journal.append(kind, this.number, payloadBytes);
    this.appliedEntry = journal.lastEntry;
    changed.add(this);
    return place;
  }

  override refuse(largestBatchBytes: number, options: AppendOptions): AppendRefusal | undefined {
    if (this.#engine.failure) return "failed";
    if (this.#isBeingCut) return "too-many-in-flight";
    return super.refuse(largestBatchBytes, options);
  }

  admit(batchBytes: number, options: AppendOptions): { ok: true } | { ok: false; refusal: AppendRefusal } {
    const full = this.#engine.isFull(batchBytes) ? "too-many-in-flight" : undefined;
    const refusal = this.refuse(batchBytes, options) ?? full;
    return refusal ? { ok: false, refusal } : { ok: true };
  }

  append(bytes: Uint8Array, options: AppendOptions): AppendResult {
    if (this.#engine.isFull(bytes.length)) {
      const refusal = this.refuse(0, options) ?? "too-many-in-flight"; // the batches' sizes are measured below
      return { ok: false, refusal };
    }
    const prepared = this.prepare(bytes, options);
    if (prepared.kind === "refused") return { ok: false, refusal: prepared.refusal };
    if (prepared.kind === "producer") return { ok: false, refusal: "producer", verdict: prepared.verdict };
    const { logStartOffset } = this;
    if (prepared.kind === "duplicate") {
      const { baseOffset, lastOffset } = prepared.batch;
      const durable = lastOffset < this.highWatermark ? durableAlready : this.#newestPending!.deferred.promise;
      return { ok: true, baseOffset, lastOffset, logStartOffset, duplicate: true, durable };
    }
    const { baseOffset, batches } = prepared;
    this.take(batches, this.#engine.store(this, bytes, batches), bytes.length, options.wallMs);
    const durable = this.#join(bytes.length);
    return { ok: true, baseOffset, lastOffset: this.logEndOffset - 1, logStartOffset, duplicate: false, durable };
  }

  /** Batches stand at the log's end and lie in memory at `address`: live, or read from the journal. */
  take(batches: readonly BatchView[], address: number, bytes: number, wallMs: number): void {
    const first = batches[0]!;
    const segment = this.#segmentFor(bytes, batches.at(-1)!.lastOffset, wallMs);
    for (const batch of batches) {
      segment.note(batch, wallMs, this.config.indexIntervalBytes);
      this.appended(batch);
    }
    this.tail.add(first.baseOffset, address, bytes);
    this.#engine.unwritten.add(this);
    this.#engine.changed.add(this);
  }

  #segmentFor(bytes: number, lastOffset: number, wallMs: number): FileSegment {
    const active = this.activeSegment;
    if (active && !mustRoll(active, { bytes, lastOffset, wallMs }, this.config)) return active;
    return this.roll(wallMs);
  }

  roll(wallMs: number): FileSegment {
    this.activeSegment?.finish();
    const segment = new FileSegment(this.folder, this.logEndOffset, wallMs);
    segment.dense = true;
    this.segments.push(segment);
    this.#engine.changed.add(this);
    return segment;
  }

  #join(bytes: number): Promise<void> {
    const group = this.#engine.journal.lastGroup;
    let pending = this.#newestPending;
    if (pending?.group !== group) {
      pending = new PendingAppends(this, group);
      this.#pending.push(pending);
      this.#newestPending = pending;
    }
    pending.endOffset = this.logEndOffset;
    pending.bytes += bytes;
    this.#engine.pendingBytes += bytes;
    return pending.deferred.promise;
  }

  acknowledged(pending: PendingAppends): void {
    this.settled(pending);
    this.advance(Math.min(pending.endOffset, this.logEndOffset));
  }

  settled(pending: PendingAppends): void {
    const at = this.#pending.indexOf(pending);
    if (at < 0) return;
    this.#pending.splice(at, 1);
    if (this.#newestPending === pending) this.#newestPending = undefined; // nothing is on its way any more
    this.#engine.pendingBytes -= pending.bytes;
  }

  async read(offset: number, options: ReadOptions): Promise<ReadResult | undefined> {
    this.#throwIfUnreadable();
    const { highWatermark, lastStableOffset, logStartOffset, logEndOffset } = this;
    if (offset < logStartOffset || offset > logEndOffset) return undefined;
    const limit = this.boundOf(options.upTo);
    const collector = new ChunkCollector(offset, limit, options);
    if (offset < limit && !readTail(this, this.#engine.slabs, offset, collector)) {
      // Who reads to the log's end replays it: what is wrong there would become state.
      const found = await readFiles(this, offset, collector, options.upTo === "log-end" ? "nothing" : "verified");
      if (!found) return undefined; // the segment went meanwhile
    }
    const { bytes, nextOffset } = collector;
    return { chunks: collector.finish(), bytes, nextOffset, highWatermark, lastStableOffset, logStartOffset };
  }

  /** What a failed read means. Damage is final for the partition; anything else only for this read. */
  damaged(error: unknown): LogError {
    if (error instanceof LogError) return error;
    const name = `${this.topic}-${this.partition}`;
    if (this.refusal === "deleted") return new LogError("deleted", `${name} was deleted`, { cause: error });
    const missing = (error as { code?: unknown } | undefined)?.code === "ENOENT";
    if (!(error instanceof DamageError) && !missing) {
      return new LogError("failed", `${name} could not be read: ${(error as Error).message}`, { cause: error });
    }
    this.markDamaged((error as Error).message);
    return new LogError("corrupt", `${name} is damaged: ${this.damage}`, { cause: error });
  }

  markDamaged(what: string): void {
    if (this.damage !== undefined || this.refusal === "deleted") return;
    this.damage = what;
    this.refusal = "corrupt";
    this.#engine.changed.add(this);
    this.#engine.onDamage(this, new LogError("corrupt", `${this.topic}-${this.partition} is damaged: ${what}`));
    this.changed();
  }

  bytesFrom(offset: number, upTo: ReadBound = "high-watermark"): number {
    const limit = this.boundOf(upTo);
    if (offset >= limit) return 0;
    const open = limit < this.highWatermark ? this.#bytesBehind(limit) : 0;
    return Math.max(0, this.#bytesBehind(offset) - open);
  }

  #bytesBehind(offset: number): number {
    const { tail } = this;
    tail.dropBelow(this.#engine.slabs.firstAddress);
    const index = tail.find(offset);
    if (index >= 0) return tail.totalBytes - tail.bytesBefore(index);
    return this.segments.reduce((sum, { baseOffset, lastOffset, sizeInBytes }) => {
      const share = Math.min(1, (lastOffset + 1 - offset) / (lastOffset + 1 - baseOffset));
      return lastOffset < offset ? sum : sum + Math.ceil(sizeInBytes * share);
    }, 0);
  }

  async offsetForTimestamp(timestampMs: number): Promise<TimestampAndOffset | undefined> {
    this.#throwIfUnreadable();
    await this.#flushToRead();
    return findTimestamp(this, timestampMs);
  }

  async maxTimestamp(): Promise<TimestampAndOffset | undefined> {
    await this.#newestPending?.deferred.promise; // only what is durable can be found below
    const live = this.segments.filter(({ lastOffset }) => lastOffset >= this.logStartOffset);
    const largest = live.reduce((max, { maxTimestamp }) => Math.max(max, maxTimestamp), -1);
    return largest < 0 ? undefined : this.offsetForTimestamp(largest);
  }

  async deleteBefore(offset: number): Promise<void> {
    this.throwIfRefused();
    if (offset > this.highWatermark) throw new RangeError(`${offset} lies above the high watermark`);
    if (offset <= this.logStartOffset) return;
    const { bytes, at } = this.#journal("start", 8);
    writeInt64(bytes, at, offset);
    this.moveStart(offset);
    await this.#engine.synced();
  }

  async truncate(offset: number): Promise<void> {
    this.throwIfRefused();
    this.#isBeingCut = true;
    try {
      const gone = await this.inLane(() => {
        return this.cutFiles(offset, () => writeTruncate(this.#journal("truncate", 8), offset));
      });
      await this.#engine.checkpoint();
      await this.#engine.removeNow(gone);
    } finally {
      this.#isBeingCut = false;
    }
  }

  /**
   * Cuts the segments, and leaves their files: the last checkpoint still counts on them. Runs in the lane.
   * @param commit writes the journal entry in the same turn in which the state changes.
   * @returns files that are to be removed once a checkpoint does not count on them.
   */
  async cutFiles(offset: number, commit: () => void): Promise<readonly string[]> {
    await this.writeTail();
    const cut = this.segments.find(({ baseOffset, lastOffset }) => baseOffset < offset && lastOffset >= offset);
    const before = new ProducerStates();
    for (const segment of this.segments) {
      if (segment.lastOffset < offset && this.producerStates.size > 0) await this.#replay(segment, before);
    }
    const kept = cut && (await this.#firstPart(cut, offset, before));
    commit();
    const gone = this.segments
      .filter(({ baseOffset }) => baseOffset >= offset)
      .flatMap(({ paths, logPath }) => [logPath, ...paths]);
    this.#engine.doom(gone);
    this.segments = this.segments.filter(({ baseOffset }) => baseOffset < offset);
    if (kept) this.segments[this.segments.length - 1] = kept;
    this.tail.truncate(offset);
    this.cutEnd(offset, before);
    const active = this.activeSegment;
    if (active) active.checked = false; // its file is longer than it
    return gone;
  }

  async #replay(segment: FileSegment, producers: ProducerStates): Promise<void> {
    for await (const batches of segment.batches(this.source, 0, segment.written)) {
      for (const batch of batches) producers.append(batch);
    }
  }

  /**
   * What lies in front of the offset. On recovery the file may already be cut, or overwritten, from there on.
   * @throws {DamageError} when something in front of it is missing.
   */
  async #firstPart(segment: FileSegment, offset: number, producers: ProducerStates): Promise<FileSegment> {
    const part = new FileSegment(this.folder, segment.baseOffset, segment.createdMs);
    try {
      for await (const batches of segment.batches(this.source, 0, segment.written, this.config.indexIntervalBytes)) {
        for (const batch of batches) {
          if (batch.lastOffset >= offset) break;
          part.note(batch, segment.lastAppendMs, this.config.indexIntervalBytes);
          producers.append(batch);
        }
        if (batches.at(-1)!.lastOffset >= offset) break;
      }
    } catch (error) {
      if (!(error instanceof DamageError) || part.lastOffset !== offset - 1) throw error;
    }
    part.written = part.sizeInBytes;
    part.unsynced = segment.unsynced;
    part.dense = segment.dense;
    return part;
  }

  /** Runs what touches the files one after the other. */
  inLane<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#lane.then(action);
    this.#lane = result.then(
      () => undefined,
      () => undefined, // told by `result`
    );
    return result;
  }

  /** Writes what only memory holds to the segment files; unsynced. */
  flush(): Promise<void> {
    return this.inLane(() => this.writeTail());
  }

  /** @throws {LogError} when files do not hold everything, and will not. */
  async #flushToRead(): Promise<void> {
    const { tail } = this;
    if (this.#engine.failure === undefined)
      await this.flush().catch((error: unknown) => Promise.reject(asFailure(error)));
    else if (tail.written < tail.length) throw this.#engine.failure;
  }

  /** What is appended meanwhile waits for the next time: under a steady load this would not end. */
  async writeTail(): Promise<void> {
    const { tail } = this;
    const { totalBytes } = tail;
    const more = () => tail.written < tail.length && tail.bytesBefore(tail.written) < totalBytes;
    while (more() && this.refusal !== "deleted") {
      const index = this.segments.findLastIndex(({ baseOffset }) => baseOffset <= tail.baseOffset(tail.written));
      const segment = this.segments[index]!;
      const end = this.segments[index + 1]?.baseOffset ?? Number.POSITIVE_INFINITY;
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      for (let at = tail.written; at < tail.length && bytes < largestWriteBytes && tail.baseOffset(at) < end; at++) {
        pieces.push(this.#engine.slabs.view(tail.address(at), tail.bytes(at)));
        bytes += tail.bytes(at);
      }
      const entries = pieces.length;
      await this.#write(segment, pieces, bytes);
      segment.written += bytes;
      segment.unsynced = true;
      tail.written = Math.min(tail.written + entries, tail.length); // its end may have been forgotten meanwhile
    }
    if (tail.written === tail.length) this.#engine.unwritten.delete(this);
  }

  /** Makes its files durable up to the state at the call, and remembers that state for the checkpoint file. */
  checkpoint(): Promise<void> {
    return this.inLane(async () => {
      if (this.refusal === "deleted") return;
      const { disk, files } = this.#engine;
      await this.writeTail();
      for (const segment of this.segments) {
        if (segment.written > 0 && this.#isIndexDue(segment)) await segment.index.save(disk, segment.path);
      }
      const line = savePartition(this);
      await this.writeTail(); // what came meanwhile
      for (const segment of this.segments) {
        if (!segment.unsynced) continue;
        segment.unsynced = false;
        await files.use(segment.logPath, "existing", (file) => segment.sync(file));
      }
      if (this.namesChanged) await disk.syncFolder(this.folder);
      this.namesChanged = false;
      this.tail.dropBelow(this.#engine.slabs.firstAddress);
      this.savedLine = line;
    });
  }

  /** While a segment grows, a few entries may be missing after a crash: two files for each would cost more than it. */
  #isIndexDue({ index }: FileSegment): boolean {
    const isGrowing = index === this.activeSegment?.index && !this.#engine.isClosing;
    return isGrowing ? index.unsavedOffsets >= fewIndexEntries : !index.saved;
  }

  /**
   * Before the first write of this process: makes the folder, and removes files that the partition does not know. A
   * process that was killed had begun them; the journal holds whatever of them counts.
   */
  async prepareFolder(): Promise<void> {
    if (this.#folderReady) return;
    const { disk } = this.#engine;
    const isNew = await disk.makeFolder(this.folder);
    this.#engine.rootUnsynced = true;
    if (isNew) for (const segment of this.segments) segment.checked = segment.written === 0;
    else await this.#removeUnknown(disk);
    this.#folderReady = true;
  }

  async #removeUnknown(disk: Disk): Promise<void> {
    const known = new Set(this.segments.flatMap((segment) => [segment.logPath, ...segment.paths]));
    for (const name of await disk.list(this.folder)) {
      const path = `${this.folder}/${name}`;
      if (!known.has(path)) await disk.remove(path);
    }
  }

  async #write(segment: FileSegment, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
    await this.prepareFolder();
    const { files } = this.#engine;
    if (segment.written === 0) this.namesChanged = true;
    await files.use(segment.logPath, segment.written === 0 ? "new" : "read-write", async (file) => {
      const damage = segment.checked ? undefined : await segment.compare(file);
      if (damage !== undefined) this.markDamaged(damage); // written nonetheless: the journal's part can be had by hand
      if (bytes <= mostWrittenNow) file.writeNow(segment.written, pieces);
      else await file.write(segment.written, mergeSmall(pieces));
    });
  }

  throwIfRefused(): void {
    this.#throwIfUnreadable();
    if (this.#engine.failure) throw this.#engine.failure;
  }

  /** A disk that failed, or is full, is read all the same. */
  #throwIfUnreadable(): void {
    const name = `${this.topic}-${this.partition}`;
    if (this.refusal === "deleted") throw new LogError("deleted", `${name} was deleted`);
    if (this.refusal === "corrupt") throw new LogError("corrupt", `${name} is damaged: ${this.damage}`);
    if (this.#engine.failure?.kind === "closed") throw this.#engine.failure;
  }

  markDeleted(): void {
    this.refusal = "deleted";
    const error = new LogError("deleted", `${this.topic}-${this.partition} was deleted`);
    for (const pending of [...this.#pending]) pending.failed(error);
    this.#engine.unwritten.delete(this);
    this.#engine.changed.delete(this);
    this.changed();
  }
}

function writeTruncate({ bytes, at }: { bytes: Uint8Array; at: number }, offset: number): void {
  writeInt64(bytes, at, offset);
}
