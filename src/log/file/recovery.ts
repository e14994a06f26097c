/** Opens a folder: the state that the checkpoint tells, and what the journal holds behind it. */
import { batches as batchesOf } from "../../protocol/records/batch.ts";
import { readInt32, readInt64 } from "../../protocol/records/integers.ts";
import type { Log, LogConfig } from "../log.ts";
import type { PartitionIdentity } from "../partition-state.ts";
import { decodeCheckpoint, restorePartition } from "./checkpoint.ts";
import { asFailure } from "./engine.ts";
import { checkpointPath, FileLog, type FileLogOptions } from "./file-log.ts";
import type { Entry } from "./journal-format.ts";
import { readJournal, syncJournal } from "./journal-reader.ts";
import { FilePartition } from "./partition.ts";
import { FileSegment } from "./segment.ts";

const defaultRecoveryBytes = 32 * 1024 * 1024;

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
    await new Recovery(log, options).run();
    return log;
  } catch (error) {
    await log.idle();
    await log.files.closeAll();
    await unlock();
    throw asFailure(error);
  }
}

class Recovery {
  readonly #log: FileLog;
  readonly #wallMs: number;
  readonly #recoveryBytes: number;
  #unwrittenBytes = 0;
  #appliedBytes = 0;
  /** Segments are written while the journal is read on. */
  #writing: Promise<void> = Promise.resolve();

  constructor(log: FileLog, { wallMs, recoveryBytes }: FileLogOptions) {
    this.#log = log;
    this.#wallMs = wallMs ?? 0;
    this.#recoveryBytes = recoveryBytes ?? defaultRecoveryBytes;
  }

  async run(): Promise<void> {
    const log = this.#log;
    const { disk, folder, platform } = log;
    const bytes = await disk.readFile(checkpointPath(folder));
    const checkpoint = bytes && decodeCheckpoint(bytes, checkpointPath(folder), platform);
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

    const wasSynced = checkpoint?.engine.isSynced ?? true;
    const from = {
      position: checkpoint?.engine.journal ?? { sequence: 1, entry: 1 },
      lastDurable: Math.max(0, ...Array.from(log.partitions(), ({ appliedEntry }) => appliedEntry)),
      isSynced: wasSynced,
    };
    const source = { disk, folder, platform, onCut: (what: string) => log.cut(what) };
    const read = readJournal(source, from, (entry) => this.#apply(entry));
    const start = await read.finally(() => this.#writing);
    if (log.leaving.size > 0 && !wasSynced) await syncJournal(log);
    for (const partition of [...log.leaving.values()]) await log.giveUpFolder(partition);
    if (start.slots.size > 0) await disk.syncFolder(folder); // a crash may have come before a file's name was durable
    log.start(start, this.#appliedBytes);
    // The journal's files stay until the next checkpoint, which need not hold up the start.
    if (start.hasHole || wasSynced !== log.isSynced) await log.checkpoint();
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
        if (names.length === 0) {
          partition.markDamaged(`${partition.folder} is empty`); // unless the journal tells that it was deleted
          continue;
        }
        if (names.some((name) => logPath.endsWith(`/${name}`))) await disk.rename(logPath, `${segment.path}.log`);
        segment.swap = undefined;
        await disk.syncFolder(partition.folder);
        this.#log.changed.add(partition);
      }
    }
  }

  async #apply(entry: Entry): Promise<void> {
    const log = this.#log;
    this.#appliedBytes += entry.payload.length;
    if (entry.kind === "create") return this.#create(entry);
    const partition = log.byNumber.get(entry.partition);
    if (partition === undefined || entry.number <= partition.appliedEntry) return;
    if (entry.kind === "delete") return log.forget(partition); // it may not be durable yet, so its folder stays
    partition.appliedEntry = entry.number;
    log.changed.add(partition);
    const { payload } = entry;
    switch (entry.kind) {
      case "append":
        return this.#append(partition, payload);
      case "epoch":
        return partition.restoreLeader(readInt32(payload, 0));
      case "start":
        return partition.moveStart(readInt64(payload, 0));
      case "truncate":
        return partition.inLane(() => this.#cut(partition, readInt64(payload, 0)));
    }
  }

  async #cut(partition: FilePartition, offset: number): Promise<void> {
    try {
      await partition.cutFiles(offset, () => undefined);
    } catch (error) {
      if (partition.damaged(error).kind !== "corrupt") throw error; // else it is told; the others serve
    }
  }

  async #create({ partition: number, payload, number: entry }: Entry): Promise<void> {
    const log = this.#log;
    if (log.byNumber.has(number)) return; // a checkpoint made meanwhile has it
    const text = log.platform.utf8Decode(payload, 0, payload.length);
    const made = JSON.parse(text) as PartitionIdentity & { readonly config: LogConfig };
    const partition = new FilePartition({ ...made, number }, made.config, log);
    partition.appliedEntry = entry;
    const deleted = log.leaving.get(partition.folder);
    if (deleted) await log.giveUpFolder(deleted); // durable: nothing was made under its name before
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
    if (this.#unwrittenBytes < this.#recoveryBytes) return;
    this.#unwrittenBytes = 0;
    await this.#writing;
    this.#writing = this.#log.writeAll();
    this.#writing.catch(() => undefined); // told by who awaits it
  }
}
