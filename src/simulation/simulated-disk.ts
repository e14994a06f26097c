/** A disk that takes its time: what it does happens some while after it was asked for, and is told some while later. */
import type { Disk, DiskFile, OpenMode } from "../log/disk.ts";
import type { MemoryDisk } from "../log/memory-disk.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

export interface DiskPace {
  readonly typicalMs: number;
  /** Now and then a write takes much longer. */
  readonly slowChance: number;
  readonly slowMs: number;
}

export class SimulatedDisk implements Disk {
  readonly #disk: MemoryDisk;
  readonly #process: Process;
  readonly #random: Random;
  readonly #pace: DiskPace;
  /** It fails once, so many writes from now. */
  writesUntilFailure = Number.POSITIVE_INFINITY;

  /** @param process whose disk it is: when it dies, nothing is told any more. */
  constructor(disk: MemoryDisk, process: Process, random: Random, pace: DiskPace) {
    this.#disk = disk;
    this.#process = process;
    this.#random = random;
    this.#pace = pace;
  }

  /** A crash may come before the change, or between the change and its being told. */
  async #slowly<T>(change: () => Promise<T>): Promise<T> {
    if (--this.writesUntilFailure === 0) return this.#failing(change);
    const { typicalMs, slowChance, slowMs } = this.#pace;
    const ms = this.#random.chance(slowChance) ? slowMs : this.#random.between(0.2, 1) * typicalMs;
    if (this.#random.chance(0.5)) {
      await this.#wait(ms);
      return change();
    }
    try {
      return await change();
    } finally {
      await this.#wait(ms);
    }
  }

  /** Whether the bytes got there nobody knows. */
  async #failing<T>(change: () => Promise<T>): Promise<T> {
    if (this.#random.chance(0.5)) await change();
    await this.#wait(this.#pace.typicalMs);
    throw failedWrite();
  }

  #wait(ms: number): Promise<void> {
    const { world } = this.#process;
    return new Promise((resolve) => {
      world.after(ms, () =>
        this.#process.deliver(() => {
          world.wentAsync();
          resolve();
        }),
      );
    });
  }

  list(folder: string): Promise<string[]> {
    return this.#disk.list(folder);
  }

  makeFolder(folder: string): Promise<boolean> {
    return this.#disk.makeFolder(folder);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.#disk.open(path, mode);
    return {
      size: () => file.size(),
      read: (position, into) => file.read(position, into),
      write: (position, pieces) => this.#slowly(() => file.write(position, pieces)),
      writeNow: (position, pieces) => {
        if (--this.writesUntilFailure !== 0) return file.writeNow(position, pieces);
        if (this.#random.chance(0.5)) file.writeNow(position, pieces);
        throw failedWrite();
      },
      truncate: (size) => this.#slowly(() => file.truncate(size)),
      sync: () => this.#slowly(() => file.sync()),
      close: () => file.close(),
    };
  }

  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#disk.readFile(path);
  }

  replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    return this.#slowly(() => this.#disk.replaceFile(path, bytes));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path);
  }

  syncFolder(folder: string): Promise<void> {
    return this.#slowly(() => this.#disk.syncFolder(folder));
  }

  gathered(): Promise<void> {
    return this.#disk.gathered();
  }

  lock(folder: string): Promise<() => Promise<void>> {
    return this.#disk.lock(folder);
  }
}

function failedWrite(): Error {
  return Object.assign(new Error("the disk failed a write"), { code: "EIO" });
}
