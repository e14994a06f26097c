/**
 * The checkpoint is replaced in four steps, and each may fail: the new file is written, synced, takes its name, and the
 * folder is synced. Whatever was done by then, whatever a power failure takes back of it: nothing acknowledged goes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { open, promiseWhatIsShown, runUntilDeath, verify } from "../workload.ts";

/** How far it gets before it fails. */
const ways = ["a part is written", "the name is taken, unsynced", "all is done, and told as failed"] as const;

class HalfReplacingDisk extends MemoryDisk {
  readonly #way: (typeof ways)[number];
  #left: number;

  /** @param failsAt the replacement of this number, from 1. */
  constructor(way: (typeof ways)[number], failsAt: number) {
    super();
    this.#way = way;
    this.#left = failsAt;
  }

  get hasFailed(): boolean {
    return this.#left <= 0;
  }

  override async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    if (--this.#left !== 0) return super.replaceFile(path, bytes);
    if (this.#way === "all is done, and told as failed") await super.replaceFile(path, bytes);
    else {
      const file = await this.open(`${path}.new`, "read-write");
      const isWhole = this.#way === "the name is taken, unsynced";
      await file.write(0, [isWhole ? bytes : bytes.subarray(0, bytes.length / 2)]);
      if (isWhole) {
        await file.sync();
        await this.rename(`${path}.new`, path);
      }
      await file.close();
    }
    throw Object.assign(new Error("EIO: refused for a test"), { code: "EIO" });
  }
}

const synced = { flushIntervalMessages: 1 };
const leftToSystem = { flushIntervalMessages: 1000 };

for (const way of ways) {
  test(`a checkpoint is not replaced, ${way}: what was acknowledged is there, and what is shown stays`, async () => {
    for (let failsAt = 1; ; failsAt++) {
      const disk = new HalfReplacingDisk(way, failsAt);
      const seen = await runUntilDeath(disk, synced);
      if (!disk.hasFailed) return assert.ok(failsAt > 3, `${failsAt - 1} failed`);
      const power = await open(disk.after({ kind: "power" }), synced);
      await verify(power, structuredClone(seen), true);
      const killed = disk.crash({ kind: "kill" });
      const next = await open(killed, synced);
      await verify(next, seen, true); // it writes into journal files that the old checkpoint may need
      promiseWhatIsShown(next, seen);
      const last = await open(killed.crash({ kind: "power" }), synced);
      await verify(last, seen, true);
    }
  });

  test(`left to the system, a checkpoint is not replaced, ${way}: the log is as it once was`, async () => {
    for (let failsAt = 1; ; failsAt++) {
      const disk = new HalfReplacingDisk(way, failsAt);
      const seen = await runUntilDeath(disk, leftToSystem);
      if (!disk.hasFailed) return assert.ok(failsAt > 3, `${failsAt - 1} failed`);
      const power = await open(disk.after({ kind: "power" }), leftToSystem);
      await verify(power, structuredClone(seen), false);
      const killed = disk.crash({ kind: "kill" });
      const next = await open(killed, leftToSystem);
      await verify(next, seen, true);
      promiseWhatIsShown(next, seen);
      const last = await open(killed.crash({ kind: "power" }), leftToSystem);
      await verify(last, seen, false);
    }
  });
}
