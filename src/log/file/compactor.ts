/**
 * Compaction of segment files. A cleaned segment is written beside the old one, synced, and takes its place in memory
 * at once and in the next checkpoint; only then it takes its name (`finishSwaps`). A crash in between finds either the
 * old segments, or the new one under its number.
 */
import { BatchView } from "../../protocol/records/batch.ts";
import { type CompactionRules, compactBatch, groupSegments, LatestOffsets, segmentsToCompact } from "../compaction.ts";
import type { DiskFile } from "../disk.ts";
import { LogError } from "../log.ts";
import type { Engine } from "./engine.ts";
import type { FilePartition } from "./partition.ts";
import { FileSegment } from "./segment.ts";

const writeBytes = 1024 * 1024;

/** One round over a partition. */
export async function compact(log: FilePartition, engine: Engine, wallMs: number): Promise<void> {
  const count = segmentsToCompact(log.segments, log, log.config, wallMs);
  if (count === 0) return;
  await log.inLane(async () => {
    await log.writeTail();
    await log.prepareFolder();
  });
  const segments = log.segments.slice(0, count);
  const latest = new LatestOffsets();
  const noted = log.cleanedTransactions();
  let dirtyEnd = log.cleanedTo;
  for (const segment of segments.filter(({ lastOffset }) => lastOffset >= log.cleanedTo)) {
    if (latest.isFull) break; // the rest in the next round
    for await (const batch of batchesOf(log, segment, engine)) latest.note(batch, noted, engine.platform);
    dirtyEnd = segment.lastOffset + 1;
  }
  const rules: CompactionRules = {
    latest,
    transactions: log.cleanedTransactions(),
    wallMs,
    deleteRetentionMs: log.config.deleteRetentionMs,
    platform: engine.platform,
    isProducersLast: (batch) => log.producerStates.isLast(batch),
  };
  const cleanable = segments.filter(({ lastOffset }) => lastOffset < dirtyEnd);
  for (const group of groupSegments(cleanable, log.config)) {
    if (log.refusal !== undefined) return;
    await cleanGroup(log, engine, group, rules);
  }
  log.cleanedTo = dirtyEnd;
  log.producerStates.transactions.forgetAborted(rules.transactions.emptied);
  engine.changed.add(log);
}

/** A segment could not be read: it went meanwhile, it is damaged, or the system would not. No fault of the round. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

async function* batchesOf(
  log: FilePartition,
  segment: FileSegment,
  engine: Engine,
): AsyncGenerator<BatchView, void, undefined> {
  try {
    for await (const batches of segment.batches(log.source, 0, segment.written)) {
      if (engine.isClosing) throw new LogError("closed", "the log is being closed");
      yield* batches;
    }
  } catch (error) {
    const cause = log.segments.includes(segment) ? log.damaged(error) : error;
    throw new UnreadableError(`${segment.logPath} cannot be cleaned`, { cause });
  }
}

async function cleanGroup(
  log: FilePartition,
  engine: Engine,
  group: readonly FileSegment[],
  rules: CompactionRules,
): Promise<void> {
  const [first] = group;
  const cleaned = new FileSegment(log.folder, first!.baseOffset, first!.createdMs);
  cleaned.swap = engine.nextNumber++;
  cleaned.checked = true;
  const output = new Output(await engine.disk.open(cleaned.logPath, "read-write"));
  try {
    await output.begin();
    for (const segment of group) {
      for await (const batch of batchesOf(log, segment, engine)) {
        const bytes = compactBatch(batch, rules);
        if (bytes === undefined) continue;
        cleaned.note(new BatchView(bytes), segment.lastAppendMs, log.config.indexIntervalBytes);
        await output.add(bytes);
      }
    }
    await output.end();
  } finally {
    await output.file.close();
  }
  cleaned.finish();
  cleaned.written = cleaned.sizeInBytes;
  await log.inLane(async () => replace(log, engine, group, cleaned));
}

/** Gathers batches to large writes. */
class Output {
  readonly file: DiskFile;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #position = 0;

  constructor(file: DiskFile) {
    this.file = file;
  }

  /** A crash may have left a file of that name. */
  async begin(): Promise<void> {
    await this.file.truncate(0);
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= writeBytes) await this.#flush();
  }

  async end(): Promise<void> {
    if (this.#bytes > 0) await this.#flush();
    await this.file.sync();
  }

  async #flush(): Promise<void> {
    await this.file.write(this.#position, this.#pieces);
    this.#position += this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** Puts the cleaned segment where the group was, unless something of the group went meanwhile. */
function replace(log: FilePartition, engine: Engine, group: readonly FileSegment[], cleaned: FileSegment): void {
  const at = log.segments.indexOf(group[0]!);
  const unchanged = at >= 0 && group.every((segment, index) => log.segments[at + index] === segment);
  if (!unchanged || log.refusal !== undefined) {
    engine.doom([cleaned.logPath]);
    return;
  }
  const isEmpty = cleaned.sizeInBytes === 0;
  log.segments.splice(at, group.length, ...(isEmpty ? [] : [cleaned]));
  log.tail.dropBefore(group.at(-1)!.lastOffset + 1);
  log.namesChanged = true;
  engine.doom(group.slice(isEmpty ? 0 : 1).flatMap((segment) => segment.paths));
  if (isEmpty) engine.doom([cleaned.logPath]);
  engine.changed.add(log);
}

/** Do cleaned segments wait for a checkpoint, and then for their names? */
export function hasSwaps(log: FilePartition): boolean {
  return log.segments.some(({ swap }) => swap !== undefined);
}

/** Gives cleaned segments their names. The last checkpoint knows them by number, so that a crash does no harm. */
export async function finishSwaps(log: FilePartition, engine: Engine): Promise<void> {
  await log.inLane(async () => {
    if (log.refusal === "deleted") return;
    for (const segment of log.segments) {
      if (segment.swap === undefined) continue;
      const from = segment.logPath;
      await engine.files.dropUnder(`${segment.path}.log`);
      await engine.disk.rename(from, `${segment.path}.log`);
      segment.swap = undefined;
      await engine.files.dropUnder(from);
    }
    await engine.disk.syncFolder(log.folder);
    engine.changed.add(log);
  });
}
