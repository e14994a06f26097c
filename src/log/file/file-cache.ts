/** Open files, at most so many at a time: the one unused for longest is closed when another is needed. */
import type { Disk, DiskFile, OpenMode } from "../disk.ts";

interface OpenFile {
  readonly path: string;
  readonly opening: Promise<DiskFile>;
  users: number;
  /** Taken out of the cache; the last user closes it. */
  dropped: boolean;
}

export class FileCache {
  readonly #disk: Disk;
  readonly #maxOpenFiles: number;
  /** In the order of their last use. */
  readonly #files = new Map<string, OpenFile>();

  constructor(disk: Disk, maxOpenFiles: number) {
    this.#disk = disk;
    this.#maxOpenFiles = maxOpenFiles;
  }

  get size(): number {
    return this.#files.size;
  }

  /** @param mode as in the disk's `open`, should it not be open yet. */
  async use<T>(path: string, mode: OpenMode, action: (file: DiskFile) => Promise<T>): Promise<T> {
    const entry = this.#files.get(path) ?? this.#open(path, mode);
    this.#files.delete(path); // and in again, as the one used last
    this.#files.set(path, entry);
    entry.users++;
    try {
      return await action(await entry.opening);
    } finally {
      entry.users--;
      if (entry.dropped && entry.users === 0) await close(entry);
      await this.#closeOldest();
    }
  }

  #open(path: string, mode: OpenMode): OpenFile {
    const entry = { path, opening: this.#disk.open(path, mode), users: 0, dropped: false };
    entry.opening.catch(() => {
      if (this.#files.get(path) === entry) this.#files.delete(path);
    });
    return entry;
  }

  async #closeOldest(): Promise<void> {
    if (this.#files.size <= this.#maxOpenFiles) return;
    for (const entry of this.#files.values()) if (entry.users === 0) return this.#drop(entry);
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

async function close({ opening }: OpenFile): Promise<void> {
  const file = await opening.catch(() => undefined); // a failed opening was told to its user
  await file?.close();
}
