/**
 * The disk of a test's broker: in memory, under the engine that production uses. It can be held, so that what is
 * written is not durable yet, and a crash keeps or loses that.
 */
import type { Disk, DiskFile, OpenMode } from "../log/disk.ts";
import { MemoryDisk } from "../log/memory-disk.ts";

export class TestDisk implements Disk {
  #disk: MemoryDisk;
  #held: { readonly released: Promise<void>; readonly release: () => void } | undefined;

  constructor(disk = new MemoryDisk()) {
    this.#disk = disk;
  }

  /** From now on nothing becomes durable, and so nothing that waits for it is answered. */
  hold(): void {
    if (this.#held !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = { released: promise, release: resolve };
  }

  /** What waited becomes durable. */
  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** The disk as the next life of the broker finds it; this one is dead. */
  crash(unsynced: "kept" | "lost"): TestDisk {
    return new TestDisk(this.#disk.crash({ kind: unsynced === "kept" ? "kill" : "power" }));
  }

  /** Writes reach the system at once, as they do on a real disk; what makes them durable may be held. */
  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.#disk.open(path, mode === "sync" ? "read-write" : mode);
    const sync = () => this.#sync(() => file.sync());
    return {
      size: () => file.size(),
      read: (position, into) => file.read(position, into),
      write: async (position, pieces) => {
        await file.write(position, pieces);
        if (mode === "sync") await sync();
      },
      writeNow: (position, pieces) => file.writeNow(position, pieces),
      truncate: async (size) => {
        await file.truncate(size);
        if (mode === "sync") await sync();
      },
      sync,
      close: () => file.close(),
    };
  }

  async #sync(sync: () => Promise<void>): Promise<void> {
    await this.#held?.released;
    await sync();
  }

  list(folder: string): Promise<string[]> {
    return this.#disk.list(folder);
  }

  makeFolder(folder: string): Promise<boolean> {
    return this.#disk.makeFolder(folder);
  }

  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.#disk.readFile(path);
  }

  replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    return this.#sync(() => this.#disk.replaceFile(path, bytes));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path);
  }

  syncFolder(folder: string): Promise<void> {
    return this.#sync(() => this.#disk.syncFolder(folder));
  }

  gathered(): Promise<void> {
    return this.#disk.gathered();
  }

  lock(folder: string): Promise<() => Promise<void>> {
    return this.#disk.lock(folder);
  }
}
