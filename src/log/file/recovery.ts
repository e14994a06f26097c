/** Opens a folder: the state that the checkpoint tells, and what the journal or the segment files hold behind it. */
import { batches as batchesOf } from "../../protocol/records/batch.ts";
import { readInt32, readInt64 } from "../../protocol/records/integers.ts";
import type { Log, LogConfig } from "../log.ts";
import type { PartitionIdentity } from "../partition-state.ts";
import { decodeCheckpoint, restorePartition } from "./checkpoint.ts";
import { each } from "./each.ts";
import { asFailure } from "./engine.ts";
import { checkpointPath, cleanMarkPath, FileLog, type FileLogOptions } from "./file-log.ts";
import type { Entry } from "./journal-format.ts";
import { readJournal } from "./journal-reader.ts";
import { FilePartition } from "./partition.ts";
import { DamageError, FileSegment } from "./segment.ts";

const unwrittenBytesAtRecovery = 32 * 1024 * 1024;
const foldersAtATime = 8;

/**
 * Opens the log in a folder, which is made when missing.
 * @throws {LogError} `locked` when another process has it; `corrupt` when the checkpoint or the journal is damaged.
 */
export async function openFileLog(options: FileLogOptions): Promise<Log> {
  const { disk, folder } = options;
  await disk.makeFolder(folder);
  const unlock = await disk.lock(folder);
  const log = new FileLog(options, unlock);
  try {
    await new Recovery(log, options.wallMs ?? 0).run();
    return log;
  } catch (error) {
    await log.files.closeAll();
    await unlock();
    throw asFailure(error);
  }
}

class Recovery {
  readonly #log: FileLog;
  readonly #wallMs: number;
  #unwrittenBytes = 0;
  #appliedBytes = 0;
  /** Where appends are not journaled: leaders that the journal tells of begin behind what the scan finds of others. */
  readonly #leaders = new Map<FilePartition, number>();

  constructor(log: FileLog, wallMs: number) {
    this.#log = log;
    this.#wallMs = wallMs;
  }

  async run(): Promise<void> {
    const log = this.#log;
    const { disk, folder, platform } = log;
    const bytes = await disk.readFile(checkpointPath(folder));
    const checkpoint = bytes && decodeCheckpoint(bytes, checkpointPath(folder), platform);
    const clean = (await disk.readFile(cleanMarkPath(folder))) !== undefined;
    for (const { saved, config, line } of checkpoint?.partitions ?? []) {
      const partition = new FilePartition(saved, config, log);
      const segments = saved.segments.map((segment) => FileSegment.restore(partition.folder, segment));
      restorePartition(partition, saved, segments);
      partition.savedLine = line;
      log.add(partition);
    }
    log.changed.clear();
    await this.#finishSwaps();
    log.nextNumber = checkpoint?.engine.nextNumber ?? 0;
    await this.#removeDoomed(checkpoint?.engine.doomed ?? []);

    const journaled = checkpoint?.engine.journaled ?? log.journaled;
    const position = checkpoint?.engine.journal ?? { sequence: 1, entry: 1 };
    const source = { disk, folder, platform, onCut: (what: string) => log.cut(what) };
    const start = await readJournal(source, position, (entry) => this.#apply(entry, journaled));
    const scanning = !clean && !journaled;
    if (scanning) await each(log.partitions(), foldersAtATime, (partition) => this.#scan(partition));
    for (const [partition, leaderEpoch] of this.#leaders) partition.restoreLeader(leaderEpoch);
    log.start(start, this.#appliedBytes);
    if (clean) await disk.remove(cleanMarkPath(folder)); // before anything changes, and durably
    if (clean) await disk.syncFolder(folder);
    // The journal's files stay until the next checkpoint, which need not hold up the start.
    if (scanning || journaled !== log.journaled) await log.checkpoint();
    else await log.journal.prepare();
  }

  /** What the last process was to remove. */
  async #removeDoomed(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const logs = [...this.#log.partitions()];
    const live = new Set(logs.flatMap((log) => [log.folder, ...log.segments.flatMap((segment) => segment.paths)]));
    for (const path of paths) if (!live.has(path)) await this.#log.disk.remove(path);
  }

  /** Cleaned segments that the checkpoint knows by number, and that may not have taken their names yet. */
  async #finishSwaps(): Promise<void> {
    const { disk } = this.#log;
    for (const partition of this.#log.partitions()) {
      for (const segment of partition.segments.filter(({ swap }) => swap !== undefined)) {
        const { logPath } = segment;
        const names = await disk.list(partition.folder);
        if (names.some((name) => logPath.endsWith(`/${name}`))) await disk.rename(logPath, `${segment.path}.log`);
        segment.swap = undefined;
        await disk.syncFolder(partition.folder);
        this.#log.changed.add(partition);
      }
    }
  }

  async #apply(entry: Entry, journaled: boolean): Promise<void> {
    const log = this.#log;
    this.#appliedBytes += entry.payload.length;
    if (entry.kind === "create") return this.#create(entry);
    const partition = log.byNumber.get(entry.partition);
    if (partition === undefined || entry.number <= partition.appliedEntry) return;
    if (entry.kind === "delete") {
      log.forget(partition);
      return log.giveUpFolder(partition);
    }
    partition.appliedEntry = entry.number;
    log.changed.add(partition);
    const { payload } = entry;
    switch (entry.kind) {
      case "append":
        return this.#append(partition, payload);
      case "epoch":
        if (journaled) return partition.restoreLeader(readInt32(payload, 0));
        return void this.#leaders.set(partition, readInt32(payload, 0));
      case "start":
        return partition.moveStart(readInt64(payload, 0));
      case "truncate":
        // Without a journal of appends the cut was never told as done, or a checkpoint shows it.
        return journaled ? this.#cut(partition, readInt64(payload, 0)) : undefined;
    }
  }

  async #cut(partition: FilePartition, offset: number): Promise<void> {
    try {
      await partition.cutFiles(offset, () => undefined);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      partition.damaged(error); // told; the others serve
    }
  }

  #create({ partition: number, payload, number: entry }: Entry): void {
    const log = this.#log;
    if (log.byNumber.has(number)) return; // a checkpoint made meanwhile has it
    const text = log.platform.utf8Decode(payload, 0, payload.length);
    const made = JSON.parse(text) as PartitionIdentity & { readonly config: LogConfig };
    const partition = new FilePartition({ ...made, number }, made.config, log);
    partition.appliedEntry = entry;
    log.nextNumber = Math.max(log.nextNumber, number + 1);
    log.add(partition);
    log.changed.add(partition);
  }

  async #append(partition: FilePartition, payload: Uint8Array): Promise<void> {
    const { slabs } = this.#log;
    const place = slabs.reserve(payload.length);
    place.bytes.set(payload, place.at);
    const batches = [...batchesOf(payload)];
    const wallMs = Math.max(this.#wallMs, partition.activeSegment?.lastAppendMs ?? 0);
    partition.take(batches, place.address, payload.length, wallMs);
    partition.advance(partition.logEndOffset);
    this.#unwrittenBytes += payload.length;
    if (this.#unwrittenBytes < unwrittenBytesAtRecovery) return;
    this.#unwrittenBytes = 0;
    await this.#log.writeAll();
  }

  /** Without a journal: takes what segment files hold behind the checkpoint, up to the first batch that is torn. */
  async #scan(partition: FilePartition): Promise<void> {
    const { disk } = this.#log;
    const active = partition.activeSegment;
    const newest = Math.max(partition.leaderEpoch, this.#leaders.get(partition) ?? -1);
    const bases = (await disk.list(partition.folder))
      .map((name) => /^(\d{20})\.log$/.exec(name)?.[1])
      .filter((base) => base !== undefined)
      .map(Number)
      .filter((base) => base >= (active?.baseOffset ?? 0))
      .sort((a, b) => a - b);
    for (const base of bases) {
      let segment = partition.activeSegment;
      if (segment?.baseOffset !== base) {
        segment = new FileSegment(partition.folder, base, this.#wallMs);
        segment.dense = true;
        if (base !== partition.logEndOffset) {
          this.#log.cut(
            `${segment.logPath} does not go on where ${partition.folder} ends, at ${partition.logEndOffset}`,
          );
          for (const path of segment.paths) await disk.remove(path);
          continue;
        }
        partition.segments.push(segment);
      }
      await this.#scanSegment(partition, segment, newest);
    }
    partition.logEndOffset = Math.max(partition.logEndOffset, partition.logStartOffset);
    partition.advance(partition.logEndOffset);
  }

  /** @param newest the last leader epoch that the checkpoint or the journal tells of; -1 when none does. */
  async #scanSegment(partition: FilePartition, segment: FileSegment, newest: number): Promise<void> {
    const log = this.#log;
    const { disk, platform, files } = log;
    const { indexIntervalBytes } = partition.config;
    const unknown = () => -1; // epochs are learned from what is read
    const source = { disk, platform, files, indexIntervalBytes, epochOf: unknown, indexMade: () => undefined };
    const size = await log.files.use(segment.logPath, "existing", (file) => file.size());
    try {
      for await (const batches of segment.batches(source, segment.written, size)) {
        for (const batch of batches) {
          const { baseOffset, partitionLeaderEpoch: epoch } = batch;
          if (baseOffset < partition.logEndOffset) throw new DamageError(`${segment.logPath} goes back`);
          const isLed = epoch >= partition.epochs.latest && (newest === -1 || epoch <= newest);
          if (!isLed) throw new DamageError(`${segment.logPath}: offset ${baseOffset} under leader epoch ${epoch}`);
          segment.note(batch, this.#wallMs, partition.config.indexIntervalBytes);
          partition.appended(batch);
        }
      }
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
    }
    const { sizeInBytes, logPath } = segment;
    if (size > sizeInBytes)
      log.cut(`${logPath}: ${size - sizeInBytes} bytes from ${sizeInBytes} on are no whole batches`);
    segment.written = sizeInBytes; // the rest is cut at the next write
    segment.unsynced = true;
    log.changed.add(partition);
  }
}
