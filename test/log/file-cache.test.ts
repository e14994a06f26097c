import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disk, DiskFile } from "../../src/log/disk.ts";
import { moveAway } from "../../src/log/file/deleted-folder.ts";
import type { Engine } from "../../src/log/file/engine.ts";
import { FileCache } from "../../src/log/file/file-cache.ts";

/** Files that are nothing but open or closed. */
function counted(most: number) {
  const opened: string[] = [];
  const open = new Set<string>();
  const disk = {
    async open(path: string) {
      assert.ok(!open.has(path), `${path} is open twice`);
      open.add(path);
      opened.push(path);
      return {
        async close() {
          assert.ok(open.delete(path), `${path} is closed twice`);
        },
      } as DiskFile;
    },
  } as Partial<Disk> as Disk;
  const files = new FileCache(disk, most);
  const use = (path: string) => files.use(path, "existing", async () => undefined);
  return { files, use, opened, open };
}

test("the file unused for longest is closed when another is needed", async () => {
  const { use, open } = counted(10);
  await use("old");
  for (let at = 0; at < 9; at++) await use(`${at}`);
  for (let turn = 0; turn < 3; turn++) for (let at = 0; at < 9; at++) await use(`${at}`);
  await use("new");
  assert.deepEqual([open.has("old"), open.has("new"), open.size], [false, true, 10]);
});

test("more files in turn than may be open: most of them stay", async () => {
  const { use, opened, open } = counted(100);
  for (let turn = 0; turn < 5; turn++) for (let at = 0; at < 105; at++) await use(`${at}`);
  assert.equal(open.size, 100);
  assert.equal(opened.length, 105 + 4 * 5); // with the oldest closed each time: 5 * 105
});

test("a file in use is not closed, and one that is dropped meanwhile is closed once", async () => {
  const { files, use, open } = counted(1);
  await use("a");
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const uses = ["b", "c"].map((path) => files.use(path, "existing", () => end));
  await files.dropUnder("b");
  assert.deepEqual([...open].sort(), ["a", "b", "c"]);
  resolve();
  await Promise.all(uses);
  assert.equal(open.size, 1);
  await files.closeAll();
  assert.equal(open.size, 0);
});

test("a file that several want closed is closed once", async () => {
  const { files, use, open } = counted(10);
  for (const path of ["f/1", "f/2", "f/3"]) await use(path);
  await Promise.all([files.dropUnder("f"), files.dropUnder("f/3"), files.closeAll()]);
  assert.equal(open.size, 0);
});

test("a deleted partition's folder leaves no open file behind, though a reader opens one as it goes", async () => {
  const { files, use } = counted(10);
  const told: string[] = [];
  const disk = {
    list: async () => ["00000000000000000000.log"],
    remove: async () => use("data/t-0/00000000000000000000.log"), // the reader
    rename: async (from: string, to: string) => void told.push(`${from} ${to}`),
    syncFolder: async (folder: string) => void told.push(folder),
  } as Partial<Disk> as Disk;
  await use("data/t-0/00000000000000000000.log");
  await moveAway({ folder: "data/t-0", number: 7 }, { disk, files, folder: "data" } as Engine);
  assert.deepEqual(told, ["data/t-0 data/7-delete", "data"]);
  assert.equal(files.size, 0);
});
