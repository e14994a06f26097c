/**
 * The one file that tells where recovery begins: lines of JSON, the last one a checksum of those before it. The first
 * is the engine's, then the topic configs in use, then a line for each partition.
 */
import type { Platform } from "../../protocol/platform.ts";
import type { EpochStart } from "../leader-epochs.ts";
import { type LogConfig, LogError } from "../log.ts";
import type { SavedProducer } from "../producer-state.ts";
import type { SavedAbort } from "../transactions.ts";
import type { JournalPosition } from "./journal.ts";
import type { FilePartition } from "./partition.ts";
import type { SavedSegment } from "./segment.ts";

export interface SavedPartition {
  readonly number: number;
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly start: number;
  readonly end: number;
  readonly leaderEpoch: number;
  readonly appliedEntry: number;
  readonly cleanedTo: number;
  readonly epochs: readonly EpochStart[];
  readonly producers: readonly SavedProducer[];
  readonly aborted?: readonly SavedAbort[];
  readonly segments: readonly SavedSegment[];
  readonly damage?: string;
}

export interface EngineState {
  readonly format: 2;
  readonly journal: JournalPosition;
  /** Number of the next partition, or of the next file that compaction makes. */
  readonly nextNumber: number;
  /** Did acknowledgements wait for the disk? Else a power failure may leave holes in the journal. */
  readonly isSynced: boolean;
  /** Files and folders that are to be removed. */
  readonly doomed: readonly string[];
}

export interface Checkpoint {
  readonly engine: EngineState;
  readonly partitions: readonly { readonly line: string; readonly saved: SavedPartition; readonly config: LogConfig }[];
}

export function savePartition(log: FilePartition): string {
  const aborted = log.producerStates.transactions.save();
  const saved: SavedPartition = {
    number: log.number,
    topic: log.topic,
    partition: log.partition,
    topicId: log.topicId,
    start: log.logStartOffset,
    end: log.logEndOffset,
    leaderEpoch: log.leaderEpoch,
    appliedEntry: log.appliedEntry,
    cleanedTo: log.cleanedTo,
    epochs: log.epochs.entries,
    producers: log.producerStates.save(),
    ...(aborted.length === 0 ? {} : { aborted }),
    segments: log.segments.map((segment) => segment.save()),
    ...(log.damage === undefined ? {} : { damage: log.damage }),
  };
  return JSON.stringify(saved);
}

export function restorePartition(log: FilePartition, saved: SavedPartition, segments: FilePartition["segments"]): void {
  log.logStartOffset = saved.start;
  log.logEndOffset = log.highWatermark = saved.end;
  log.restoreEpochs(saved.leaderEpoch, saved.epochs);
  log.producerStates.restore(saved.producers, saved.aborted ?? []);
  log.appliedEntry = saved.appliedEntry;
  log.cleanedTo = saved.cleanedTo;
  log.segments = segments;
  if (saved.damage !== undefined) {
    log.damage = saved.damage;
    log.refusal = "corrupt";
  }
}

export function encodeCheckpoint(
  engine: EngineState,
  partitions: Iterable<FilePartition>,
  platform: Platform,
): Uint8Array {
  const configs = new Map<LogConfig, number[]>(); // equal ones are one object
  const lines: string[] = [];
  for (const { savedLine, config, number } of partitions) {
    if (savedLine === undefined) continue; // made since; the journal tells of it
    lines.push(savedLine);
    const users = configs.get(config);
    if (users) users.push(number);
    else configs.set(config, [number]);
  }
  const configLines = Array.from(configs, ([config, of]) => JSON.stringify({ config, of }));
  const text = `${[JSON.stringify(engine), ...configLines, ...lines].join("\n")}\n`;
  const length = platform.utf8Length(text);
  const bytes = new Uint8Array(length + checksumLine(0).length);
  platform.utf8Write(text, bytes, 0);
  platform.utf8Write(checksumLine(platform.crc32c(bytes, 0, length)), bytes, length);
  return bytes;
}

function checksumLine(crc: number): string {
  return `crc32c ${crc.toString(16).padStart(8, "0")}\n`;
}

/** @throws {LogError} `corrupt` */
export function decodeCheckpoint(bytes: Uint8Array, path: string, platform: Platform): Checkpoint {
  const length = bytes.length - checksumLine(0).length;
  const expected = length > 0 ? checksumLine(platform.crc32c(bytes, 0, length)) : "";
  if (length <= 0 || platform.utf8Decode(bytes, length, bytes.length) !== expected) {
    throw new LogError("corrupt", `${path}: its checksum does not fit; restore it from a copy of the data folder`);
  }
  const [first, ...lines] = platform.utf8Decode(bytes, 0, length - 1).split("\n");
  const configs = new Map<number, LogConfig>();
  const partitions: { line: string; saved: SavedPartition; config: LogConfig }[] = [];
  for (const line of lines) {
    const parsed = JSON.parse(line) as SavedPartition | { config: LogConfig; of: number[] };
    if ("of" in parsed) for (const number of parsed.of) configs.set(number, parsed.config);
    else partitions.push({ line, saved: parsed, config: configs.get(parsed.number)! });
  }
  return { engine: engineOf(first!, path), partitions };
}

/** @throws {LogError} `corrupt` when a version wrote it that kept the log in another way. */
function engineOf(line: string, path: string): EngineState {
  const engine = JSON.parse(line) as EngineState;
  if (engine.format === 2) return engine;
  throw new LogError(
    "corrupt",
    `${path} is of format ${engine.format}, this version reads 2: move the data folder away`,
  );
}
