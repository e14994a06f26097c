/** Whole files in memory that is used again: a start that took new memory for each would fill it in vain. */
import type { Disk } from "../disk.ts";

export class FileMemory {
  readonly #disk: Disk;
  /** The one that was filled last comes last. */
  #memories: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** @returns its bytes, until the call after the next one. */
  async read(path: string): Promise<Uint8Array> {
    const file = await this.#disk.open(path, "existing");
    try {
      const size = await file.size();
      const [older, newer] = this.#memories;
      const memory = older.length < size ? new Uint8Array(size) : older;
      this.#memories = [newer, memory];
      return memory.subarray(0, await file.read(0, memory.subarray(0, size)));
    } finally {
      await file.close();
    }
  }

  /** Each file is read while the one before it is looked at; its bytes are there until the next one is asked for. */
  async *inOrder<F extends { readonly path: string }>(
    files: readonly F[],
  ): AsyncGenerator<{ file: F; bytes: Uint8Array }, void, undefined> {
    let ahead: Promise<Uint8Array> | undefined;
    try {
      for (const [index, file] of files.entries()) {
        const bytes = await (ahead ?? this.read(file.path));
        const next = files[index + 1];
        ahead = next && this.read(next.path);
        ahead?.catch(() => undefined); // told by who awaits it
        yield { file, bytes };
      }
    } finally {
      await ahead?.catch(() => undefined); // who stops early leaves no file open
    }
  }
}
