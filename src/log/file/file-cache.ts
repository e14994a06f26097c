/**
 * Open files, at most so many at a time. When another is needed, the one unused for longest is closed, unless that one
 * is busy as well: where more files are used in turn than may be open, each would be closed right before its next use.
 */
import type { Disk, DiskFile, OpenMode } from "../disk.ts";

interface OpenFile {
  readonly path: string;
  readonly opening: Promise<DiskFile>;
  users: number;
  /** How many uses of all files there had been at its last one. */
  usedAt: number;
  /** Taken out of the cache; the last user closes it. */
  dropped: boolean;
  closing?: Promise<void>;
}

/** Who was used within so many times the most open files is busy. */
const busyUses = 2;

export class FileCache {
  readonly #disk: Disk;
  readonly #maxOpenFiles: number;
  /** In the order of their last use. */
  readonly #files = new Map<string, OpenFile>();
  #uses = 0;

  constructor(disk: Disk, maxOpenFiles: number) {
    this.#disk = disk;
    this.#maxOpenFiles = maxOpenFiles;
  }

  get size(): number {
    return this.#files.size;
  }

  /** @param mode as in the disk's `open`, should it not be open yet. */
  async use<T>(path: string, mode: OpenMode, action: (file: DiskFile) => Promise<T>): Promise<T> {
    const known = this.#files.get(path);
    const entry = known ?? this.#open(path, mode);
    this.#files.delete(path); // and in again, as the one used last
    this.#files.set(path, entry);
    entry.usedAt = ++this.#uses;
    entry.users++;
    try {
      return await action(await entry.opening);
    } finally {
      entry.users--;
      if (entry.dropped && entry.users === 0) await close(entry);
      if (this.#files.size > this.#maxOpenFiles) await this.#closeOne(known === undefined ? entry : undefined);
    }
  }

  #open(path: string, mode: OpenMode): OpenFile {
    const entry = { path, opening: this.#disk.open(path, mode), users: 0, usedAt: 0, dropped: false };
    entry.opening.catch(() => {
      if (this.#files.get(path) === entry) this.#files.delete(path);
    });
    return entry;
  }

  /** @param opened by this use; it goes where the one unused for longest is busy. */
  async #closeOne(opened: OpenFile | undefined): Promise<void> {
    const oldest = this.#unusedForLongest();
    if (oldest === undefined) return;
    const isBusy = this.#uses - oldest.usedAt <= busyUses * this.#maxOpenFiles;
    const isFree = opened !== undefined && opened.users === 0 && !opened.dropped;
    await this.#drop(isBusy && isFree ? opened : oldest);
  }

  #unusedForLongest(): OpenFile | undefined {
    for (const entry of this.#files.values()) if (entry.users === 0) return entry;
    return undefined;
  }

  async #drop(entry: OpenFile): Promise<void> {
    if (this.#files.get(entry.path) === entry) this.#files.delete(entry.path);
    entry.dropped = true;
    if (entry.users === 0) await close(entry);
  }

  /** Closes the file of that path, or all files in that folder; one that is in use is closed by its last user. */
  async dropUnder(path: string): Promise<void> {
    for (const entry of [...this.#files.values()]) {
      if (entry.path === path || entry.path.startsWith(`${path}/`)) await this.#drop(entry);
    }
  }

  async closeAll(): Promise<void> {
    for (const entry of [...this.#files.values()]) await this.#drop(entry);
  }
}

/** Once, whoever asks. */
function close(entry: OpenFile): Promise<void> {
  entry.closing ??= entry.opening.then(
    (file) => file.close(),
    () => undefined, // a failed opening was told to its user
  );
  return entry.closing;
}
