/**
 * A disk in memory that behaves as badly as a real one may: it loses what was not synced, fails a write, or dies within
 * one. Pure and deterministic, for tests and for the simulator.
 */
import type { Disk, DiskFile, OpenMode } from "./disk.ts";
import { LogError } from "./log.ts";

export interface Faults {
  /** It dies after so many bytes are written (each sync, rename or removal counts as one), maybe within a write. */
  readonly diesAfterBytes?: number;
  /** The write or sync of this number (from 1) fails; the disk goes on. */
  readonly failsAt?: number;
}

/** What happens to bytes that no sync has covered. `kill`: the system keeps them; `power`: they are lost. */
export type Crash = { readonly kind: "kill" } | { readonly kind: "power"; readonly survives?: () => boolean };

type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly size: number };

class Content {
  bytes = new Uint8Array(0);
  size = 0;

  copy({ bytes, size }: Content): void {
    this.bytes = bytes.slice(0, size);
    this.size = size;
  }

  apply(change: Change): void {
    if ("size" in change) {
      this.#reserve(change.size);
      this.bytes.fill(0, Math.min(this.size, change.size), Math.max(this.size, change.size));
      this.size = change.size;
      return;
    }
    const end = change.position + change.bytes.length;
    this.#reserve(end);
    this.bytes.set(change.bytes, change.position);
    this.size = Math.max(this.size, end);
  }

  #reserve(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(size, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.size));
    this.bytes = larger;
  }
}

/** Which bytes of its file it changes. */
function rangeOf(change: Change): readonly [number, number] {
  if ("size" in change) return [change.size, Number.POSITIVE_INFINITY];
  return [change.position, change.position + change.bytes.length];
}

class Inode {
  readonly now = new Content();
  readonly durable = new Content();
  unsynced: Change[] = [];

  write(change: Change, sync: boolean): void {
    this.now.apply(change);
    this.unsynced.push(change);
    if (sync) this.#syncOne(change);
  }

  /** As O_DSYNC: what was written is durable, and what was written elsewhere in the file is not. */
  #syncOne(change: Change): void {
    const [from, to] = rangeOf(change);
    const others = this.unsynced.filter((other) => {
      const [otherFrom, otherTo] = rangeOf(other);
      return otherFrom < from || otherTo > to;
    });
    const overlaps = others.some((other) => rangeOf(other)[0] < to && rangeOf(other)[1] > from);
    if (overlaps) return this.sync(); // in their order
    this.durable.apply(change);
    this.unsynced = others;
  }

  sync(): void {
    for (const change of this.unsynced) this.durable.apply(change);
    this.unsynced = [];
  }

  afterCrash(crash: Crash): Inode {
    const inode = new Inode();
    inode.durable.copy(this.durable);
    if (crash.kind === "kill") {
      inode.now.copy(this.now);
      inode.unsynced = [...this.unsynced];
      return inode;
    }
    for (const change of this.unsynced) if (crash.survives?.()) inode.durable.apply(change);
    inode.now.copy(inode.durable);
    return inode;
  }
}

/** Files by path; a folder is a path that ends with "/". */
type Names = Map<string, Inode>;

export class MemoryDisk implements Disk {
  readonly #now: Names;
  readonly #durable: Names;
  readonly #locks = new Set<string>();
  #bytesLeft: number;
  #writesUntilFailure: number;
  /** Bytes written and other changes made, as `diesAfterBytes` counts them. */
  bytesWritten = 0;
  openFiles = 0;

  constructor(faults: Faults = {}, now: Names = new Map(), durable: Names = new Map(now)) {
    this.#now = now;
    this.#durable = durable;
    this.#bytesLeft = faults.diesAfterBytes ?? Number.POSITIVE_INFINITY;
    this.#writesUntilFailure = faults.failsAt ?? Number.POSITIVE_INFINITY;
  }

  /** The disk as the next process finds it. This one is dead. */
  crash(crash: Crash, faults: Faults = {}): MemoryDisk {
    this.#bytesLeft = 0;
    return this.#afterCrash(crash, faults);
  }

  /** The disk as it would be after a crash now. This one goes on. */
  after(crash: Crash): MemoryDisk {
    return this.#afterCrash(crash, {});
  }

  #afterCrash(crash: Crash, faults: Faults): MemoryDisk {
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? inode.afterCrash(crash);
      copies.set(inode, copy);
      return copy;
    };
    const copied = (names: Names): Names => new Map([...names].map(([path, inode]) => [path, copyOf(inode)]));
    const durable = copied(this.#durable);
    if (crash.kind === "kill") return new MemoryDisk(faults, copied(this.#now), durable);
    for (const path of [...durable.keys()])
      if (!foldersOf(path).every((name) => durable.has(name))) durable.delete(path);
    return new MemoryDisk(faults, durable);
  }

  /** Changes a byte that was durable, as a rotten disk does. @param bits of it that change. */
  damage(path: string, position: number, bits = 0xff): void {
    const inode = this.#file(path);
    for (const content of [inode.now, inode.durable]) content.bytes[position]! ^= bits;
  }

  /** Pages whose writing failed count as clean: the system goes on showing them, and no sync makes them durable. */
  forgetUnsynced(path: string): void {
    this.#file(path).unsynced = [];
  }

  /** Every file's path. */
  paths(): string[] {
    return [...this.#now.keys()].filter((path) => !path.endsWith("/")).sort();
  }

  /** Throws when the disk is dead, or dies or fails here. @returns how many of the bytes are still written. */
  #spend(bytes: number): number {
    this.#throwIfDead();
    if (--this.#writesUntilFailure === 0) throw ioError("EIO", "a write failed");
    const written = Math.min(bytes, this.#bytesLeft);
    this.#bytesLeft -= bytes;
    this.bytesWritten += written;
    return written;
  }

  #throwIfDead(): void {
    if (this.#bytesLeft <= 0) throw ioError("EIO", "the disk is dead");
  }

  /** A change that happens as a whole or not at all. */
  #change(): void {
    if (this.#spend(1) === 0) this.#throwIfDead();
  }

  #file(path: string): Inode {
    const inode = this.#now.get(path);
    if (inode === undefined) throw ioError("ENOENT", `${path} is missing`);
    return inode;
  }

  async list(folder: string): Promise<string[]> {
    this.#throwIfDead();
    const names = new Set<string>();
    for (const path of this.#now.keys()) {
      if (!path.startsWith(`${folder}/`) || path === `${folder}/`) continue;
      const rest = path.slice(folder.length + 1);
      const slash = rest.indexOf("/");
      names.add(slash < 0 ? rest : rest.slice(0, slash + 1));
    }
    return [...names].sort();
  }

  async makeFolder(folder: string): Promise<boolean> {
    this.#throwIfDead();
    const isNew = !this.#now.has(`${folder}/`);
    const parts = folder.split("/");
    for (let end = 1; end <= parts.length; end++) {
      const path = `${parts.slice(0, end).join("/")}/`;
      if (path !== "/" && !this.#now.has(path)) {
        this.#change();
        this.#now.set(path, new Inode());
        if (end === 1) this.#durable.set(path, this.#now.get(path)!); // the root of this disk
      }
    }
    return isNew;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.#throwIfDead();
    if (!this.#now.has(path)) {
      if (mode === "existing") throw ioError("ENOENT", `${path} is missing`);
      if (!this.#now.has(path.slice(0, path.lastIndexOf("/") + 1))) throw ioError("ENOENT", `${path} has no folder`);
      this.#change();
      this.#now.set(path, new Inode());
    }
    this.openFiles++;
    return this.#handle(this.#file(path), mode === "sync");
  }

  #handle(inode: Inode, sync: boolean): DiskFile {
    let open = true;
    const check = () => {
      if (!open) throw ioError("EBADF", "the file was closed");
      this.#throwIfDead();
    };
    const write = (position: number, pieces: readonly Uint8Array[]) => {
      check();
      const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
      let at = 0;
      for (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
      }
      const written = this.#spend(bytes.length);
      const died = this.#bytesLeft <= 0; // maybe behind the last byte, and in front of the sync
      inode.write({ position, bytes: bytes.subarray(0, written) }, sync && !died);
      if (died) throw ioError("EIO", "the disk died within a write");
    };
    return {
      size: async () => {
        check();
        return inode.now.size;
      },
      read: async (position, into) => {
        check();
        const bytes = inode.now.bytes.subarray(position, Math.min(inode.now.size, position + into.length));
        into.set(bytes);
        return bytes.length;
      },
      write: async (position, pieces) => write(position, pieces),
      writeNow: write,
      truncate: async (size) => {
        check();
        this.#change();
        inode.write({ size }, sync);
      },
      sync: async () => {
        check();
        this.#change();
        inode.sync();
      },
      close: async () => {
        if (open) this.openFiles--;
        open = false;
      },
    };
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#throwIfDead();
    const content = this.#now.get(path)?.now;
    return content?.bytes.slice(0, content.size);
  }

  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    const inode = new Inode();
    if (this.#spend(bytes.length + 1) <= bytes.length) throw ioError("EIO", "the disk died within a write");
    inode.write({ position: 0, bytes: bytes.slice() }, true);
    this.#now.set(path, inode);
    this.#durable.set(path, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#throwIfDead();
    const moved = [...this.#now].filter(([path]) => path === from || path.startsWith(`${from}/`));
    if (moved.length === 0) throw ioError("ENOENT", `${from} is missing`);
    if (this.#holdsSomething(to)) throw ioError("ENOTEMPTY", `${to} holds something`);
    this.#change();
    for (const [path, inode] of moved) {
      this.#now.delete(path);
      this.#now.set(to + path.slice(from.length), inode);
    }
  }

  #holdsSomething(folder: string): boolean {
    return [...this.#now.keys()].some((path) => path.startsWith(`${folder}/`) && path !== `${folder}/`);
  }

  async remove(path: string): Promise<void> {
    this.#throwIfDead();
    const gone = [...this.#now.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
    if (gone.length > 0) this.#change();
    for (const name of gone) this.#now.delete(name);
  }

  async syncFolder(folder: string): Promise<void> {
    if (!this.#now.has(`${folder}/`)) throw ioError("ENOENT", `${folder} is missing`);
    this.#change();
    const inFolder = (path: string) =>
      /^[^/]+\/?$/.test(path.slice(folder.length + 1)) && path.startsWith(`${folder}/`);
    for (const path of [...this.#durable.keys()]) {
      if (!inFolder(path) || this.#now.has(path)) continue;
      // What lies in a folder that went, or was renamed, went with it.
      for (const name of [...this.#durable.keys()])
        if (name === path || name.startsWith(path)) this.#durable.delete(name);
    }
    // A folder that was renamed comes empty: what lies in it waits for a sync of its own. (A real disk would keep it.)
    for (const [path, inode] of this.#now) if (inFolder(path)) this.#durable.set(path, inode);
  }

  async gathered(): Promise<void> {}

  async lock(folder: string): Promise<() => Promise<void>> {
    this.#throwIfDead();
    if (this.#locks.has(folder)) throw new LogError("locked", `${folder} is in use by another process`);
    this.#locks.add(folder);
    return async () => void this.#locks.delete(folder);
  }
}

/** "a/b/c" lies in "a/" and "a/b/". */
function foldersOf(path: string): string[] {
  const parts = path.replace(/\/$/, "").split("/");
  return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join("/")}/`);
}

function ioError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
