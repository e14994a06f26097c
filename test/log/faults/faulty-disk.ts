/** A disk that refuses what it is told to, in the ways in which systems refuse. */
import type { Disk, DiskFile, OpenMode } from "../../../src/log/disk.ts";
import type { MemoryDisk } from "../../../src/log/memory-disk.ts";

export type Kind =
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "replace"
  | "rename"
  | "remove"
  | "makeFolder"
  | "syncFolder";

export interface Fault {
  readonly code: "EIO" | "ENOSPC";
  /** Of a write: so much of it arrives, in the system's memory. */
  readonly arrives?: number;
  /** The pages of the file that no sync has covered are given up. */
  readonly dropsPages?: true;
}

export class FaultyDisk implements Disk {
  readonly #disk: MemoryDisk;
  readonly #faultOf: (kind: Kind, path: string) => Fault | undefined;

  constructor(disk: MemoryDisk, faultOf: (kind: Kind, path: string) => Fault | undefined) {
    this.#disk = disk;
    this.#faultOf = faultOf;
  }

  async #try<T>(kind: Kind, path: string, action: () => Promise<T>): Promise<T> {
    const fault = this.#faultOf(kind, path);
    if (fault === undefined) return action();
    if (fault.dropsPages) this.#disk.forgetUnsynced(path);
    throw refusal(fault);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.#try("open", path, () => this.#disk.open(path, mode));
    const memory = mode === "sync" ? await this.#disk.open(path, "read-write") : file;
    const writeNow = (position: number, pieces: readonly Uint8Array[]) => {
      const fault = this.#faultOf("write", path);
      if (fault === undefined) return file.writeNow(position, pieces);
      const arrived = Buffer.concat(pieces).subarray(0, fault.arrives ?? 0);
      memory.writeNow(position, [new Uint8Array(arrived)]); // whatever the mode: it does not get to the disk
      if (fault.dropsPages) this.#disk.forgetUnsynced(path);
      throw refusal(fault);
    };
    return {
      size: () => file.size(),
      read: (position, into) => this.#try("read", path, () => file.read(position, into)),
      write: async (position, pieces) => writeNow(position, pieces),
      writeNow,
      truncate: (size) => this.#try("truncate", path, () => file.truncate(size)),
      sync: () => this.#try("sync", path, () => file.sync()),
      close: () => file.close(),
    };
  }

  replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    return this.#try("replace", path, () => this.#disk.replaceFile(path, bytes));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#try("rename", from, () => this.#disk.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#try("remove", path, () => this.#disk.remove(path));
  }

  makeFolder(folder: string): Promise<boolean> {
    return this.#try("makeFolder", folder, () => this.#disk.makeFolder(folder));
  }

  syncFolder(folder: string): Promise<void> {
    return this.#try("syncFolder", folder, () => this.#disk.syncFolder(folder));
  }

  list(folder: string): Promise<string[]> {
    return this.#disk.list(folder);
  }

  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#disk.readFile(path);
  }

  gathered(): Promise<void> {
    return this.#disk.gathered();
  }

  lock(folder: string): Promise<() => Promise<void>> {
    return this.#disk.lock(folder);
  }
}

function refusal({ code }: Fault): Error {
  return Object.assign(new Error(`${code}: refused for a test`), { code });
}
