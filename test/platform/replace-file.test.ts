/** A file that is replaced has its old bytes or its new ones, whatever fails in between. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeDisk } from "../../src/platform/disk.ts";

const folder = await mkdtemp(join(tmpdir(), "regroup-replace-"));
after(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test("a write that finds no room leaves the old file, and its rest is in nobody's way", async (t) => {
  const path = join(folder, "full");
  await nodeDisk.replaceFile(path, bytes("old"));
  const { write } = fs;
  type Done = (error: Error | null, written?: number) => void;
  let count = 0;
  t.mock.method(fs, "write", (file: number, from: Uint8Array, at: number, length: number, to: number, done: Done) => {
    if (++count > 1) return done(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }));
    write(file, from, at, Math.min(length, 7), to, done);
  });
  await assert.rejects(nodeDisk.replaceFile(path, bytes("something longer")), { code: "ENOSPC" });
  t.mock.restoreAll();
  assert.equal(await readFile(path, "utf8"), "old");
  await nodeDisk.replaceFile(path, bytes("new"));
  assert.equal(await readFile(path, "utf8"), "new");
  assert.deepEqual(await readdir(folder), ["full"]);
});

test("a name that cannot be taken is told, and what has it stays", async () => {
  const path = join(folder, "taken");
  await mkdir(path);
  await assert.rejects(nodeDisk.replaceFile(path, bytes("new")), { code: "EISDIR" });
  assert.deepEqual(await readdir(path), []);
});
