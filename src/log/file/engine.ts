/** What the partitions of one file engine share. */
import type { Platform } from "../../protocol/platform.ts";
import type { BatchView } from "../../protocol/records/batch.ts";
import type { Disk } from "../disk.ts";
import { type LogConfig, LogError } from "../log.ts";
import type { FileCache } from "./file-cache.ts";
import type { Journal } from "./journal.ts";
import type { FilePartition } from "./partition.ts";
import type { Slabs } from "./slabs.ts";

export interface Engine {
  readonly disk: Disk;
  readonly platform: Platform;
  readonly folder: string;
  readonly files: FileCache;
  /** Memory for what a consumer is to get, with anything in it. */
  readonly memory: (bytes: number) => Uint8Array;
  /** Where appended batches lie in memory. */
  readonly slabs: Slabs;
  readonly journal: Journal;
  /** Partitions with bytes that no segment file holds yet. */
  readonly unwritten: Set<FilePartition>;
  /** Partitions that differ from what the checkpoint says of them. */
  readonly changed: Set<FilePartition>;
  /** A number that no partition and no file had before. */
  nextNumber: number;
  /** Folders were made whose names no sync has covered. */
  rootUnsynced: boolean;
  /** Long work in the background ends early. */
  readonly isClosing: boolean;
  /** Set by the first failed write; nothing is taken any more. */
  readonly failure: LogError | undefined;
  /** Bytes of appends that wait for durability. */
  pendingBytes: number;
  /** Do too many bytes wait, for durability or for their segment files, to take so many more? */
  isFull(bytes: number): boolean;
  /** Copies an append into the journal's memory. @param batches in it, their checksums fit. @returns its address. */
  store(partition: FilePartition, bytes: Uint8Array, batches: readonly BatchView[]): number;
  /** Resolves when the last journal entry is on the disk, whatever appends wait for. */
  synced(): Promise<void>;
  checkpoint(): Promise<void>;
  /** One and the same config for all partitions that have an equal one. */
  shared(config: LogConfig): LogConfig;
  /** Has these paths removed some time after the next checkpoint. */
  doom(paths: readonly string[]): void;
  /** Removes what was doomed before the last checkpoint, so that its names may be used again. */
  removeNow(paths: readonly string[]): Promise<void>;
  onDamage(partition: FilePartition, error: Error): void;
}

export function asFailure(error: unknown): LogError {
  if (error instanceof LogError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LogError("failed", `the disk failed: ${message}; nothing is written any more`, { cause: error });
}
