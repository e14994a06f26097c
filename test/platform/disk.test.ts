/** Real files where the system writes and reads less than it was asked for, at any byte, and fails in between. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { nodeDisk } from "../../src/platform/disk.ts";

const folder = await mkdtemp(join(tmpdir(), "regroup-disk-"));
after(() => rm(folder, { recursive: true }));

const pieces = ["ab", "", "cdefg", "h"].map((text) => new TextEncoder().encode(text));
const whole = "..abcdefgh";

type Done = (error: Error | null, bytes?: number) => void;

/** The system takes at most so many bytes of each write; from the write of the number `failsAt` on it has no room. */
function writesAtMost(t: TestContext, most: number, failsAt = Number.POSITIVE_INFINITY): void {
  let count = 0;
  const { write } = fs;
  const some = (file: number, bytes: Uint8Array, position: number, done: Done) => {
    if (++count >= failsAt) return done(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" }));
    write(file, bytes, 0, Math.min(most, bytes.length), position, done);
  };
  t.mock.method(fs, "writev", (file: number, parts: Uint8Array[], position: number, done: Done) => {
    some(file, Buffer.concat(parts), position, done);
  });
  t.mock.method(
    fs,
    "write",
    (file: number, bytes: Uint8Array, at: number, length: number, position: number, done: Done) => {
      some(file, bytes.subarray(at, at + length), position, done);
    },
  );
}

test("a write that takes only some of the bytes is gone on with, wherever it stopped", async (t) => {
  for (let most = 1; most <= 8; most++) {
    const path = join(folder, `short-${most}`);
    const file = await nodeDisk.open(path, "sync");
    await file.write(0, [new TextEncoder().encode("..")]);
    writesAtMost(t, most);
    await file.write(2, pieces);
    t.mock.restoreAll();
    await file.close();
    assert.equal(await readFile(path, "utf8"), whole, `${most} bytes at a time`);
  }
});

test("a write within the call goes on as well, and tells the system's error", async (t) => {
  const { writevSync, writeSync } = fs;
  for (let most = 1; most <= 8; most++) {
    const path = join(folder, `now-${most}`);
    const file = await nodeDisk.open(path, "read-write");
    const some = t.mock.method(fs, "writevSync", (file: number, parts: Uint8Array[], position: number) =>
      writeSync(file, Buffer.concat(parts), 0, most, position),
    );
    t.mock.method(fs, "writeSync", (file: number, bytes: Uint8Array, at: number, length: number, position: number) =>
      writeSync(file, bytes, at, Math.min(most, length), position),
    );
    file.writeNow(0, [new TextEncoder().encode(".."), ...pieces]);
    some.mock.mockImplementation(writevSync);
    t.mock.method(fs, "writeSync", () => 0);
    file.writeNow(0, pieces.slice(0, 1));
    some.mock.mockImplementation(() => 1);
    assert.throws(() => file.writeNow(0, pieces), /took no more bytes/);
    t.mock.restoreAll();
    await file.close();
    assert.equal(await readFile(path, "utf8"), `ab${whole.slice(2)}`, `${most} bytes at a time`);
  }
});

test("a write that finds no room for its rest is rejected with the system's error", async (t) => {
  const path = join(folder, "full");
  const file = await nodeDisk.open(path, "read-write");
  writesAtMost(t, 3, 3);
  await assert.rejects(file.write(0, pieces), { code: "ENOSPC" });
  t.mock.restoreAll();
  writesAtMost(t, 0);
  await assert.rejects(file.write(0, pieces), /took no more bytes/);
  t.mock.restoreAll();
  await file.close();
  assert.equal(await readFile(path, "utf8"), "abcdef");
});

test("a read that gives only some of the bytes is gone on with, up to the end of the file", async (t) => {
  const path = join(folder, "read");
  const file = await nodeDisk.open(path, "read-write");
  await file.write(2, pieces);
  const { read } = fs;
  for (let most = 1; most <= 8; most++) {
    t.mock.method(
      fs,
      "read",
      (file: number, into: Uint8Array, at: number, length: number, position: number, done: Done) => {
        read(file, into, at, Math.min(most, length), position, done);
      },
    );
    const into = new Uint8Array(20);
    assert.equal(await file.read(2, into), 8);
    assert.equal(new TextDecoder().decode(into.subarray(0, 8)), "abcdefgh");
    t.mock.restoreAll();
  }
  await file.close();
});

test("a new file is made in a new folder; what is there already is kept, and a missing folder is told", async () => {
  const path = join(folder, "made/by/parents");
  assert.equal(await nodeDisk.makeFolder(path), true);
  assert.equal(await nodeDisk.makeFolder(path), false);
  for (const text of ["ab", "c"]) {
    const file = await nodeDisk.open(join(path, "file"), "new");
    file.writeNow(0, [new TextEncoder().encode(text)]);
    await nodeDisk.syncFolder(path);
    await file.close();
  }
  assert.equal(await readFile(join(path, "file"), "utf8"), "cb");
  await assert.rejects(nodeDisk.open(join(folder, "missing/file"), "new"), { code: "ENOENT" });
});
