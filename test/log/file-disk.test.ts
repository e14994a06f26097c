/** The file engine on real files. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { nodeDisk } from "../../src/platform/disk.ts";
import { batches } from "../../src/protocol/records/batch.ts";
import { platform } from "./batches.ts";
import { logConformance, orders, put, readAll, valuesOf } from "./conformance.ts";

const folders: string[] = [];
const temporaryFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-log-"));
  folders.push(folder);
  return folder;
};
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const open = (folder: string, more = {}) =>
  openFileLog({ disk: nodeDisk, platform, folder, journalFileBytes: 1 << 20, ...more });

logConformance("file, on real files", async () => open(await temporaryFolder()));

test("files have Kafka's names, and a reopened log goes on where it ended", async () => {
  const folder = await temporaryFolder();
  const all = await open(folder);
  const log = await all.create(orders, { ...defaultLogConfig, segmentBytes: 300, indexIntervalBytes: 100 });
  for (let index = 0; index < 10; index++) await put(log, { values: [`v${index}`], timestamp: 1000 + index });
  await all.close();
  const names = await readdir(join(folder, "orders-0"));
  assert.ok(names.includes("00000000000000000000.log") && names.includes("00000000000000000004.log"), names.join(" "));

  const again = await open(folder);
  const found = again.get("orders", 0)!;
  assert.deepEqual([found.logEndOffset, found.highWatermark, found.topicId], [10, 10, orders.topicId]);
  assert.deepEqual(found.config, { ...defaultLogConfig, segmentBytes: 300, indexIntervalBytes: 100 });
  assert.deepEqual((await found.offsetForTimestamp(1005))?.offset, 5);
  assert.deepEqual(valuesOf(await readAll(found, 9)), ["v9"]);
  await put(found, { values: ["v10"] });
  assert.equal(found.logEndOffset, 11);
  await again.close();
});

test("index files are Kafka's: last offsets of batches and their positions, growing timestamps", async () => {
  const folder = await temporaryFolder();
  const all = await open(folder);
  const log = await all.create(orders, { ...defaultLogConfig, segmentBytes: 2000, indexIntervalBytes: 200 });
  for (let index = 0; index < 60; index++)
    await put(log, { values: ["a", "b"], timestamp: 1000 + index * 5 + (index % 3) * 20 });
  await all.close();
  const names = (await readdir(join(folder, "orders-0"))).filter((name) => name.endsWith(".index")).sort();
  const base = Number(names[1]!.split(".")[0]); // not the first: offsets in it are relative
  const file = (suffix: string) => readFile(join(folder, "orders-0", names[1]!.replace("index", suffix)));
  const [bytes, index, times] = await Promise.all([file("log"), file("index"), file("timeindex")]);
  assert.ok(index.length >= 32 && index.length % 8 === 0 && times.length >= 24 && times.length % 12 === 0);
  const found = [...batches(bytes)];
  for (let at = 0; at < index.length; at += 8) {
    const batch = found.find((it) => it.at === index.readInt32BE(at + 4));
    assert.equal(batch?.lastOffset, base + index.readInt32BE(at));
  }
  for (let at = 0, last = -1; at < times.length; at += 12) {
    const timestamp = Number(times.readBigInt64BE(at));
    assert.ok(timestamp > last);
    last = timestamp;
    const first = found.find((it) => it.maxTimestamp === timestamp);
    assert.equal(first?.lastOffset, base + times.readInt32BE(at + 8));
  }
});

test("what a segment file has behind what counts is never read, and is gone after the next checkpoint", async () => {
  for (const surplus of [10, 100_000]) {
    const folder = await temporaryFolder();
    const path = join(folder, "orders-0", "00000000000000000000.log");
    const before = await open(folder);
    const log = await before.create(orders, defaultLogConfig);
    for (const value of ["a", "b"]) await put(log, { values: [value] });
    await before.close();
    await writeFile(path, new Uint8Array(surplus).fill(0x61), { flag: "a" }); // a killed process got that far

    const all = await open(folder);
    const again = all.get("orders", 0)!;
    assert.deepEqual(valuesOf(await readAll(again)), ["a", "b"]);
    await put(again, { values: ["c"] });
    assert.deepEqual(valuesOf(await readAll(again)), ["a", "b"]); // up to what its file has
    assert.deepEqual(valuesOf(await readAll(again, 2)), ["c"]);
    await all.close(); // with a checkpoint
    const bytes = await readFile(path);
    assert.deepEqual(
      [...batches(bytes)].map(({ lastOffset }) => lastOffset),
      [0, 1, 2],
    );
    assert.equal(bytes.length, again.sizeInBytes);
  }
});

test("a missing or damaged index is made anew from its segment", async () => {
  const folder = await temporaryFolder();
  const all = await open(folder);
  const log = await all.create(orders, { ...defaultLogConfig, indexIntervalBytes: 100 });
  for (let index = 0; index < 50; index++) await put(log, { values: [`v${index}`], timestamp: 1000 + index });
  await all.close();
  const index = join(folder, "orders-0", "00000000000000000000.index");
  const bytes = await readFile(index);
  for (const damage of [
    () => rm(index),
    () => truncate(index, 8),
    () =>
      writeFile(
        index,
        bytes.map((byte, at) => (at % 8 === 7 ? byte + 1 : byte)),
      ),
  ]) {
    await damage();
    const again = await open(folder);
    assert.deepEqual(valuesOf(await readAll(again.get("orders", 0)!, 40, 1)), ["v40"]);
    await again.close();
  }
});

test("a second log on the folder is refused, in this process and in another", async () => {
  const folder = await temporaryFolder();
  const all = await open(folder);
  await assert.rejects(open(folder), { name: "LogError", kind: "locked" });
  const script = `
    import { openFileLog } from ${JSON.stringify(import.meta.resolve("../../src/log/file/recovery.ts"))};
import { nodeDisk } from ${JSON.stringify(import.meta.resolve("../../src/platform/disk.ts"))};
    import { nodePlatform } from ${JSON.stringify(import.meta.resolve("../../src/platform/node-platform.ts"))};
    const options = { platform: nodePlatform, folder: process.argv[1], journalFileBytes: 65536 };
    const open = openFileLog({ disk: nodeDisk, ...options });
    console.log(await open.then(() => "opened", (error) => error.kind));
    process.kill(process.pid, "SIGKILL");
  `;
  const openElsewhere = async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    await once(child, "close");
    return output.trim();
  };
  assert.equal(await openElsewhere(), "locked");
  await all.close();
  assert.equal(await openElsewhere(), "opened"); // and it dies without giving the lock back
  await (await open(folder)).close();
});

test("a folder is made with its parents; where none can be made, the refusal is told", {
  timeout: 20_000,
}, async () => {
  const folder = join(await temporaryFolder(), "a", "b", "c");
  await (await open(folder)).close();
  assert.ok((await readdir(folder)).includes("checkpoint"));
  await writeFile(join(folder, "file"), "");
  await assert.rejects(open(join(folder, "file", "below")), { code: "ENOTDIR" });
  await assert.rejects(open(join(folder, "file")), { code: "EEXIST" });
  if (process.platform === "linux") await assert.rejects(open("/proc/nope/data"), { code: "ENOENT" });
});

test("a process that is killed while it appends has kept all it acknowledged", async () => {
  const folder = await temporaryFolder();
  const script = `
    import { defaultLogConfig } from ${JSON.stringify(import.meta.resolve("../../src/log/config.ts"))};
    import { openFileLog } from ${JSON.stringify(import.meta.resolve("../../src/log/file/recovery.ts"))};
import { nodeDisk } from ${JSON.stringify(import.meta.resolve("../../src/platform/disk.ts"))};
    import { sampleBatch, platform } from ${JSON.stringify(import.meta.resolve("./batches.ts"))};
    const options = { platform, folder: process.argv[1], journalFileBytes: 65536, checkpointBytes: 100000 };
    const all = await openFileLog({ disk: nodeDisk, ...options });
    const log = await all.create(${JSON.stringify(orders)}, { ...defaultLogConfig, segmentBytes: 50000 });
    for (let offset = 0; ; offset++) {
      const batch = sampleBatch({ values: ["v" + offset + "-" + "x".repeat(offset % 500)] });
      await log.append(batch, { leaderEpoch: 0, wallMs: 1 }).durable;
      process.stdout.write(offset + "\\n");
    }
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
    if (output.includes("1500\n")) child.kill("SIGKILL");
  });
  await once(child, "close");
  const acknowledged = Number(output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1));
  assert.ok(acknowledged >= 1500);
  const all = await open(folder);
  const log = all.get("orders", 0)!;
  assert.ok(log.logEndOffset > acknowledged, `${log.logEndOffset} after ${acknowledged}`);
  const values: (string | null)[] = [];
  while (values.length < log.logEndOffset) values.push(...valuesOf(await readAll(log, values.length)));
  for (const [offset, value] of values.entries()) assert.equal(value?.split("-")[0], `v${offset}`);
  await all.close();
});

test("no more files are open than allowed, and an unused partition has none", async () => {
  const folder = await temporaryFolder();
  const openFiles = async () => (await readdir("/proc/self/fd").catch(() => [])).length;
  const before = await openFiles();
  const all = await open(folder, { maxOpenFiles: 4, hotTailBytes: 0 });
  const logs = await Promise.all(
    Array.from({ length: 40 }, (_, partition) => all.create({ ...orders, partition }, defaultLogConfig)),
  );
  for (const log of logs) await put(log, {});
  await all.clean(1000); // writes the segments
  await Promise.all(logs.map((log) => log.offsetForTimestamp(0)));
  const more = (await openFiles()) - before;
  assert.ok(more <= 8, `${more} more files are open`); // the journal's among them
  await all.close();
  const again = await open(folder, { maxOpenFiles: 4 });
  assert.equal([...again.partitions()].length, 40);
  assert.ok((await openFiles()) - before <= 2);
  await again.close();
});
