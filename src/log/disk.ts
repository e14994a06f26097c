/**
 * The small port through which the file engine reaches a disk. Real files fill it in `src/platform/`, a faulty disk in
 * tests and in the simulator. Every method may reject; a rejected `sync` (or a synchronous write) is final: the engine
 * never retries it and the broker stops.
 */
export interface Disk {
  /** Names in a folder, folders with a trailing "/"; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** @returns true when it was made, false when it is there already. */
  makeFolder(folder: string): Promise<boolean>;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** A whole small file, or undefined. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Replaces a whole small file, durably and at once: temporary file, sync, rename, folder sync. */
  replaceFile(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all it holds; nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** Makes names in the folder durable. */
  syncFolder(folder: string): Promise<void>;
  /** Resolves when the event loop has gone through what it has at hand: what comes until then is written together. */
  gathered(): Promise<void>;
  /** Takes the folder for this process alone. @throws {LogError} `locked` when another process has it. */
  lock(folder: string): Promise<() => Promise<void>>;
}

/**
 * `sync`: every write is durable when it resolves (O_DSYNC). `new`: as `read-write`, of a file that is most likely
 * missing. Files are made when missing, but not by `existing`, which rejects with an error of code ENOENT.
 */
export type OpenMode = "read-write" | "new" | "existing" | "sync";

export interface DiskFile {
  size(): Promise<number>;
  /** Reads into `into`; the number of bytes read is less than its length only at the end of the file. */
  read(position: number, into: Uint8Array): Promise<number>;
  write(position: number, pieces: readonly Uint8Array[]): Promise<void>;
  /** The same within the call: for a little that the system only has to copy, where to wait for a thread costs more. */
  writeNow(position: number, pieces: readonly Uint8Array[]): void;
  truncate(size: number): Promise<void>;
  /** fdatasync */
  sync(): Promise<void>;
  close(): Promise<void>;
}
