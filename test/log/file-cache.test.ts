import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disk, DiskFile } from "../../src/log/disk.ts";
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
