/** How a consumer's answer comes out of segment files: what it holds, and by how many reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import type { PartitionLog } from "../../src/log/log.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { batches } from "../../src/protocol/records/batch.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted, orders } from "./conformance.ts";

const megabyte = 1024 * 1024;

/** Counts what is read of segments. */
class CountingDisk extends MemoryDisk {
  reads = 0;
  bytesRead = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".log")) return file;
    const read = file.read.bind(file);
    file.read = (position, into) => {
      this.reads++;
      this.bytesRead += into.length;
      return read(position, into);
    };
    return file;
  }
}

interface Written {
  readonly disk: CountingDisk;
  readonly log: PartitionLog;
  /** Of each batch. */
  readonly sizes: readonly number[];
  readonly lent: Uint8Array[];
}

/** @param values the length of each batch's values, of which there are `perBatch`. Nothing of it is in memory. */
async function written(values: readonly number[], more: object = {}, perBatch = 1): Promise<Written> {
  const disk = new CountingDisk();
  const lent: Uint8Array[] = [];
  const memory = (bytes: number) => {
    lent.push(new Uint8Array(bytes).fill(0xee));
    return lent.at(-1)!;
  };
  const options = { disk, platform, folder: "data", memory, wallMs: 1 };
  const config = { ...defaultLogConfig, maxMessageBytes: 1 << 24, ...more };
  const first = await openFileLog(options);
  const filling = await first.create(orders, config);
  const sent = values.map((length) => sampleBatch({ values: Array(perBatch).fill("x".repeat(length)) }));
  for (const batch of sent) {
    await accepted(filling.append(batch.slice(), { leaderEpoch: 0, wallMs: 1 })).durable;
  }
  await first.close();
  const all = await openFileLog(options);
  return { disk, log: all.get("orders", 0)!, sizes: sent.map(({ length }) => length), lent };
}

/** @returns offsets of the batches in the answer. */
async function read(log: PartitionLog, offset: number, maxBytes: number, atLeastOne: boolean): Promise<number[]> {
  const found = await log.read(offset, { maxBytes, atLeastOne, upTo: "high-watermark" });
  const offsets = found!.chunks.flatMap((chunk) => Array.from(batches(chunk), ({ baseOffset }) => baseOffset));
  assert.equal(found!.nextOffset, (offsets.at(-1) ?? offset - 1) + 1);
  return offsets;
}

test("an answer of the size that clients ask for is one read, and one piece of the memory that was given", async () => {
  const { disk, log, sizes, lent } = await written(Array.from({ length: 100 }, () => 16_300));
  await read(log, 0, 1, true); // the index is read
  for (const from of [0, 10, 35]) {
    const before = { reads: disk.reads, bytes: disk.bytesRead };
    const found = await log.read(from, { maxBytes: megabyte, atLeastOne: true, upTo: "high-watermark" });
    assert.equal(disk.reads - before.reads, 1);
    assert.ok(disk.bytesRead - before.bytes <= megabyte);
    assert.equal(found!.bytes, Math.floor(megabyte / sizes[0]!) * sizes[0]!);
    assert.deepEqual(
      found!.chunks.map(({ buffer }) => buffer),
      [lent.at(-1)!.buffer],
    );
  }
});

test("who goes on where it stopped reads nothing again, and needs one read for each answer", async () => {
  const { disk, log, sizes } = await written(Array(200).fill(1600), {}, 10);
  const answer = async (offset: number, maxBytes: number) =>
    (await log.read(offset, { maxBytes, atLeastOne: true, upTo: "high-watermark" }))!;
  let { nextOffset } = await answer(0, 1); // the index is read
  for (let answers = 0; answers < 3; answers++) {
    const { reads } = disk;
    const found = await answer(nextOffset, megabyte);
    assert.equal(disk.reads - reads, 1);
    assert.equal(found.bytes, Math.min(Math.floor(megabyte / sizes[0]!), 200 - nextOffset / 10) * sizes[0]!);
    nextOffset = found.nextOffset;
  }
  assert.equal((await answer(1995, 1)).nextOffset, 2000, "an offset within a batch");
});

test("after a restart an offset is found by the index files: the segment is not read to make them anew", async () => {
  const { disk, log } = await written(Array.from({ length: 1000 }, () => 1000));
  assert.deepEqual(await read(log, 900, 1, true), [900]);
  assert.ok(disk.bytesRead <= 4 * defaultLogConfig.indexIntervalBytes, `${disk.bytesRead} bytes were read`);
});

for (const [name, values, more] of [
  ["small batches, a sparse index", Array.from({ length: 300 }, (_, at) => (at * 37) % 400), {}],
  ["batches larger than the window", [10, 1_500_000, 20, 700_000, 700_000, 3_000_000, 5], {}],
  ["segments of a few batches", Array.from({ length: 60 }, (_, at) => (at * 91) % 900), { segmentBytes: 2000 }],
] as const) {
  test(`an answer holds the batches that fit, from the one asked for on: ${name}`, async () => {
    const { log, sizes } = await written(values, more);
    const wishes = [1, 100, 700, 5000, 60_000, megabyte, 2 * megabyte, 5 * megabyte];
    for (let offset = 0; offset < sizes.length; offset += 1 + (offset % 3)) {
      for (const maxBytes of wishes) {
        for (const atLeastOne of [true, false]) {
          const offsets = await read(log, offset, maxBytes, atLeastOne);
          const expected: number[] = [];
          let bytes = 0;
          for (let next = offset; next < sizes.length && expected.length < offsets.length + 1; next++) {
            const isFirst = atLeastOne && expected.length === 0;
            if (bytes + sizes[next]! > maxBytes && !isFirst) break;
            bytes += sizes[next]!;
            expected.push(next);
          }
          // An answer may end with its segment.
          if ("segmentBytes" in more && offsets.length > 0) expected.length = offsets.length;
          assert.deepEqual(offsets, expected, `from ${offset}, ${maxBytes} bytes, at least one: ${atLeastOne}`);
        }
      }
    }
  });
}
