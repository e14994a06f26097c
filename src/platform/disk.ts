/** Real files behind the log's Disk port: positional reads and writes on libuv's pool, no streams. */
import fs from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import type { Disk, DiskFile } from "../log/disk.ts";
import { lockFolder } from "./folder-lock.ts";

const { O_CREAT, O_DSYNC, O_RDONLY, O_RDWR } = fs.constants;
const open = promisify(fs.open);
const close = promisify(fs.close);
const ftruncate = promisify(fs.ftruncate);
const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);

/** O_DSYNC is missing on Windows only; there every write is followed by a sync. */
const syncFlag = O_DSYNC ?? 0;
const flags = {
  "read-write": O_RDWR | O_CREAT,
  new: O_RDWR | O_CREAT,
  existing: O_RDWR,
  sync: O_RDWR | O_CREAT | syncFlag,
};

export const nodeDisk: Disk = {
  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(ignoreMissing);
    return (entries ?? []).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  },
  makeFolder,
  async open(path, mode) {
    // What is made here needs nothing from the disk: to wake a thread and to be woken costs twice as much.
    const file = mode === "new" ? fs.openSync(path, flags.new, 0o644) : await open(path, flags[mode], 0o644);
    return mode === "sync" && syncFlag === 0 ? synced(fileOf(file), file) : fileOf(file);
  },
  async readFile(path) {
    return readFile(path).catch(ignoreMissing);
  },
  async replaceFile(path, bytes) {
    const temporary = `${path}.new`;
    await rm(temporary, { force: true });
    const file = fileOf(await open(temporary, flags["read-write"], 0o644));
    try {
      await file.write(0, [bytes]);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await nodeDisk.syncFolder(path.slice(0, path.lastIndexOf("/")) || "/");
  },
  rename,
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
  async syncFolder(folder) {
    const file = fs.openSync(folder, O_RDONLY);
    try {
      await fsync(file);
    } finally {
      fs.closeSync(file);
    }
  },
  gathered: nextTurn,
  lock: lockFolder,
};

/**
 * Within the call, as for a new file. Not by Node's own `recursive`: that never ends where the parent is there and
 * takes no folder, as in /proc.
 */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    fs.mkdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return false;
    if (code !== "ENOENT") throw error;
    await makeFolder(dirname(folder));
    return mkdir(folder).then(
      () => true,
      (again: NodeJS.ErrnoException) => {
        if (again.code === "EEXIST") return false; // somebody else was faster
        throw again;
      },
    );
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function fileOf(descriptor: number): DiskFile {
  let isOpen = true;
  /** The number of a closed file may be another file's by now. */
  const file = (): number => {
    if (!isOpen) throw Object.assign(new Error("the file was closed"), { code: "EBADF" });
    return descriptor;
  };
  return {
    async size() {
      return fs.fstatSync(file()).size; // the system has it since the file was opened
    },
    async read(position, into) {
      let done = 0;
      while (done < into.length) {
        const read = await readSome(file(), into, done, position + done);
        if (read === 0) break;
        done += read;
      }
      return done;
    },
    async write(position, pieces) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const written = await writeSome(file(), pieces, position);
      if (written < bytes) await writeRest(file(), pieces, written, position);
    },
    writeNow(position, pieces) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const written = fs.writevSync(file(), pieces, position);
      if (written === bytes) return;
      const rest = Buffer.concat(pieces).subarray(written);
      for (let done = 0; done < rest.length; ) {
        done += taken(fs.writeSync(file(), rest, done, rest.length - done, position + written + done));
      }
    },
    async truncate(size) {
      await ftruncate(file(), size);
    },
    async sync() {
      await fdatasync(file());
    },
    async close() {
      file();
      isOpen = false;
      await close(descriptor);
    },
  };
}

function synced(file: DiskFile, descriptor: number): DiskFile {
  return {
    ...file,
    async write(position, pieces) {
      await file.write(position, pieces);
      await file.sync();
    },
    writeNow(position, pieces) {
      file.writeNow(position, pieces);
      fs.fdatasyncSync(descriptor);
    },
  };
}

function readSome(file: number, into: Uint8Array, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(file, into, at, into.length - at, position, (error, read) => (error ? reject(error) : resolve(read)));
  });
}

function writeSome(file: number, pieces: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, written: number) => (error ? reject(error) : resolve(written));
    if (pieces.length === 1) fs.write(file, pieces[0]!, 0, pieces[0]!.length, position, done);
    else fs.writev(file, pieces, position, done);
  });
}

/** A write may be short, on a full disk above all: then the next one tells why. */
async function writeRest(file: number, pieces: readonly Uint8Array[], from: number, position: number): Promise<void> {
  const rest = Buffer.concat(pieces).subarray(from);
  for (let done = 0; done < rest.length; ) {
    done += taken(await writeSome(file, [rest.subarray(done)], position + from + done));
  }
}

function taken(bytes: number): number {
  if (bytes === 0) throw new Error("the disk took no more bytes");
  return bytes;
}
