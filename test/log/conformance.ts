/** What every engine behind the port must do. Each engine's own test file calls it with a way to open a fresh log. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { AppendResult, Log, LogConfig, PartitionLog, ReadResult } from "../../src/log/log.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BatchView, batches, encodeBatch, verifyCrc } from "../../src/protocol/records/batch.ts";
import { platform, recordsOf, type Sample, sampleBatch, text, utf8 } from "./batches.ts";

export const orders = { topic: "orders", partition: 0, topicId: "b8tRS7h4TJ2Vt43Dp85v2A" };
export const now = { leaderEpoch: 0, wallMs: 1_000 };

export function accepted(result: AppendResult): Extract<AppendResult, { ok: true }> {
  assert.ok(result.ok, `the append was refused: ${result.ok ? "" : result.refusal}`);
  return result;
}

export async function put(
  log: PartitionLog,
  sample: Sample,
  options = now,
): Promise<Extract<AppendResult, { ok: true }>> {
  const result = accepted(log.append(sampleBatch(sample), options));
  await result.durable;
  return result;
}

export async function readAll(log: PartitionLog, from = log.logStartOffset, maxBytes = 1 << 20) {
  const result = await log.read(from, { maxBytes, atLeastOne: true, upTo: "high-watermark" });
  assert.ok(result, `nothing to read at ${from}`);
  return result;
}

export const valuesOf = (result: ReadResult) => recordsOf(result.chunks).map(({ value }) => value);

export function logConformance(engine: string, open: () => Promise<Log>): void {
  const withPartition = (
    name: string,
    config: Partial<LogConfig>,
    body: (log: PartitionLog, all: Log) => Promise<void>,
  ) =>
    test(name, async () => {
      const all = await open();
      try {
        await body(await all.create(orders, { ...defaultLogConfig, ...config }), all);
      } finally {
        await all.close();
      }
    });

  describe(`a log of the engine ${engine}`, () => {
    withPartition("numbers records in the order of appends and shows them once durable", {}, async (log) => {
      const first = accepted(log.append(sampleBatch({ values: ["a", "b"] }), now));
      const second = accepted(log.append(sampleBatch({ values: ["c"] }), now));
      assert.deepEqual([first.baseOffset, first.lastOffset, second.baseOffset, second.lastOffset], [0, 1, 2, 2]);
      await Promise.all([first.durable, second.durable]);
      assert.equal(log.highWatermark, 3);
      assert.deepEqual(recordsOf((await readAll(log)).chunks), [
        { offset: 0, key: null, value: "a" },
        { offset: 1, key: null, value: "b" },
        { offset: 2, key: null, value: "c" },
      ]);
    });

    withPartition("has copied an append when the call is over: the caller uses its memory again", {}, async (log) => {
      const memory = sampleBatch({ values: ["a"] });
      const first = accepted(log.append(memory, now));
      memory.set(sampleBatch({ values: ["b"] }));
      const second = accepted(log.append(memory, now));
      memory.fill(0xff);
      await Promise.all([first.durable, second.durable]);
      assert.deepEqual(valuesOf(await readAll(log)), ["a", "b"]);
    });

    withPartition("gives whole batches, the first one holding the offset asked for", {}, async (log) => {
      await put(log, { values: ["a", "b"] });
      await put(log, { values: ["c"] });
      assert.deepEqual(valuesOf(await readAll(log, 1)), ["a", "b", "c"]);
      assert.deepEqual(valuesOf(await readAll(log, 2)), ["c"]);
      assert.equal((await readAll(log, 3)).bytes, 0);
      const outside = { maxBytes: 100, atLeastOne: true, upTo: "log-end" } as const;
      assert.equal(await log.read(4, outside), undefined);
      assert.equal(await log.read(-1, outside), undefined);
    });

    withPartition("keeps to maxBytes, but gives the first batch whole when asked to", {}, async (log) => {
      for (const value of ["a", "b", "c"]) await put(log, { values: [value] });
      const size = sampleBatch({ values: ["a"] }).length;
      const read = (maxBytes: number, atLeastOne: boolean) =>
        log.read(0, { maxBytes, atLeastOne, upTo: "high-watermark" }).then((result) => valuesOf(result!));
      assert.deepEqual(await read(2 * size, false), ["a", "b"]);
      assert.deepEqual(await read(3 * size - 1, true), ["a", "b"]);
      assert.deepEqual(await read(10, true), ["a"]);
      assert.deepEqual(await read(10, false), []);
    });

    withPartition(
      "finds every offset across many segments and index entries",
      { segmentBytes: 2000, indexIntervalBytes: 200 },
      async (log) => {
        let last: Promise<void> = Promise.resolve();
        for (let index = 0; index < 200; index++) {
          last = accepted(log.append(sampleBatch({ values: [`v${index}`], timestamp: 5_000 + index }), now)).durable;
        }
        await last;
        for (let offset = 0; offset < 200; offset += 7) {
          assert.equal(valuesOf(await readAll(log, offset, 1))[0], `v${offset}`);
          const found = await log.offsetForTimestamp(5_000 + offset);
          assert.deepEqual(found, { timestamp: 5_000 + offset, offset, leaderEpoch: 0 });
        }
        const all: (string | null)[] = [];
        while (all.length < 200) all.push(...valuesOf(await readAll(log, all.length, 1500)));
        assert.deepEqual(
          all,
          Array.from({ length: 200 }, (_, index) => `v${index}`),
        );
        const size = sampleBatch({ values: ["v100"] }).length;
        assert.ok(Math.abs(log.bytesFrom(150) - 50 * size) < 1000, `${log.bytesFrom(150)} bytes from 150 on`);
        assert.equal(log.bytesFrom(200), 0);
      },
    );

    withPartition("fences an append under an older leader epoch", {}, async (log) => {
      log.becomeLeader(3);
      await put(log, {}, { leaderEpoch: 3, wallMs: 1 });
      assert.deepEqual(log.append(sampleBatch(), { leaderEpoch: 2, wallMs: 1 }), {
        ok: false,
        refusal: "fenced-leader-epoch",
      });
      assert.deepEqual(log.admit(10, { leaderEpoch: 2, wallMs: 1 }), { ok: false, refusal: "fenced-leader-epoch" });
      assert.equal(log.logEndOffset, 1);
      log.becomeLeader(5);
      assert.equal(log.leaderEpoch, 5);
      assert.throws(() => log.becomeLeader(4), RangeError);
    });

    withPartition("knows which epoch wrote what (KIP-320)", {}, async (log) => {
      log.becomeLeader(1);
      await put(log, { values: ["a", "b"] }, { leaderEpoch: 1, wallMs: 1 });
      log.becomeLeader(2); // writes nothing: forgotten when 4 begins at the same offset
      log.becomeLeader(4);
      await put(log, { values: ["c"] }, { leaderEpoch: 4, wallMs: 1 });
      assert.deepEqual(
        [0, 1, 2, 3].map((offset) => log.epochOfOffset(offset)),
        [1, 1, 4, 4],
      );
      assert.deepEqual(log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 2 });
      assert.deepEqual(log.endOffsetForEpoch(3), { leaderEpoch: 1, endOffset: 2 });
      assert.deepEqual(log.endOffsetForEpoch(4), { leaderEpoch: 4, endOffset: 3 });
      assert.deepEqual(log.endOffsetForEpoch(0), { leaderEpoch: 0, endOffset: 0 });
      assert.equal(log.endOffsetForEpoch(5), undefined);
      const [batch] = [...batches((await readAll(log, 2)).chunks[0]!)];
      assert.equal(batch!.partitionLeaderEpoch, 4);
    });

    withPartition(
      "refuses a batch larger than max.message.bytes unless the broker wrote it",
      { maxMessageBytes: 100 },
      async (log) => {
        const large = () => sampleBatch({ values: ["x".repeat(100)] });
        assert.deepEqual(log.append(large(), now), { ok: false, refusal: "record-too-large" });
        assert.deepEqual(log.admit(101, now), { ok: false, refusal: "record-too-large" });
        assert.deepEqual(log.admit(100, now), { ok: true });
        await accepted(log.append(large(), { ...now, internal: true })).durable;
        assert.equal(log.logEndOffset, 1);
      },
    );

    withPartition("answers a repeated batch of an idempotent producer with its old offsets", {}, async (log) => {
      const send = (baseSequence: number) =>
        log.append(sampleBatch({ values: ["a", "b"], producerId: 7, producerEpoch: 0, baseSequence }), now);
      assert.equal(accepted(send(0)).baseOffset, 0);
      assert.equal(accepted(send(2)).baseOffset, 2);
      const again = accepted(send(0));
      assert.deepEqual([again.baseOffset, again.lastOffset, again.duplicate], [0, 1, true]);
      await again.durable;
      assert.equal(log.highWatermark >= 2, true);
      const gap = send(6);
      assert.ok(!gap.ok && gap.refusal === "producer");
      assert.equal(gap.verdict.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
      assert.equal(log.logEndOffset, 4);
      assert.deepEqual(
        [...log.producers()],
        [
          {
            producerId: 7,
            producerEpoch: 0,
            coordinatorEpoch: -1,
            currentTxnStartOffset: -1,
            lastSequence: 3,
            lastTimestamp: 1001,
          },
        ],
      );
    });

    withPartition("finds records by timestamp, also inside a batch", {}, async (log) => {
      await put(log, { values: ["a", "b", "c"], timestamp: 100 });
      await put(log, { values: ["d"], timestamp: 50 });
      await put(log, { values: ["e", "f"], timestamp: 200, compression: "gzip" });
      assert.deepEqual(await log.offsetForTimestamp(101), { timestamp: 101, offset: 1, leaderEpoch: 0 });
      assert.deepEqual(await log.offsetForTimestamp(103), { timestamp: 200, offset: 4, leaderEpoch: 0 });
      assert.equal(await log.offsetForTimestamp(202), undefined);
      assert.deepEqual(await log.maxTimestamp(), { timestamp: 201, offset: 5, leaderEpoch: 0 });
    });

    withPartition("moves its start by deleteBefore", {}, async (log) => {
      for (const value of ["a", "b", "c"]) await put(log, { values: [value], timestamp: 10 });
      await log.deleteBefore(2);
      assert.equal(log.logStartOffset, 2);
      assert.equal(await log.read(1, { maxBytes: 100, atLeastOne: true, upTo: "log-end" }), undefined);
      assert.deepEqual(valuesOf(await readAll(log, 2)), ["c"]);
      assert.equal((await log.offsetForTimestamp(0))?.offset, 2);
      await assert.rejects(log.deleteBefore(4), RangeError);
      await log.deleteBefore(1);
      assert.equal(log.logStartOffset, 2);
    });

    withPartition("cuts its end by truncate", { segmentBytes: 150 }, async (log) => {
      log.becomeLeader(1);
      for (const value of ["a", "b", "c", "d"]) await put(log, { values: [value] }, { leaderEpoch: 1, wallMs: 1 });
      await log.truncate(2);
      assert.deepEqual([log.logEndOffset, log.highWatermark], [2, 2]);
      assert.deepEqual(valuesOf(await readAll(log)), ["a", "b"]);
      await put(log, { values: ["e"] }, { leaderEpoch: 1, wallMs: 1 });
      assert.deepEqual(valuesOf(await readAll(log)), ["a", "b", "e"]);
      assert.equal(log.epochOfOffset(2), 1);
    });

    withPartition("tells its watchers when the high watermark or the start moves", {}, async (log) => {
      let notices = 0;
      const noticed = () =>
        new Promise<void>((resolve) => {
          const stop = log.watch(() => {
            stop();
            resolve();
          });
        });
      const stop = log.watch(() => notices++);
      const seen = noticed();
      await put(log, {});
      await seen;
      assert.equal(notices, 1);
      const moved = noticed();
      await log.deleteBefore(1);
      await moved;
      assert.equal(notices, 2);
      stop();
      const third = noticed();
      await put(log, {});
      await third;
      assert.equal(notices, 2);
    });

    withPartition(
      "deletes segments by retention.bytes, the oldest first",
      { segmentBytes: 150, retentionBytes: 300 },
      async (log, all) => {
        for (let index = 0; index < 10; index++) await put(log, { values: [`v${index}`] });
        const before = log.sizeInBytes;
        await all.clean(2_000);
        assert.ok(log.sizeInBytes < before && log.sizeInBytes >= 300, `${log.sizeInBytes} bytes are left`);
        assert.ok(log.logStartOffset > 0);
        assert.equal(valuesOf(await readAll(log))[0], `v${log.logStartOffset}`);
        assert.equal(log.logEndOffset, 10);
      },
    );

    withPartition(
      "deletes segments by retention.ms, the active one too",
      { segmentBytes: 150, retentionMs: 1000 },
      async (log, all) => {
        await put(log, { values: ["old"], timestamp: 1_000 });
        await put(log, { values: ["older"], timestamp: 1_000 });
        await put(log, { values: ["new"], timestamp: 9_000 });
        await all.clean(9_500);
        assert.deepEqual([log.logStartOffset, valuesOf(await readAll(log))], [2, ["new"]]);
        await all.clean(10_100);
        assert.deepEqual([log.logStartOffset, log.logEndOffset, log.sizeInBytes], [3, 3, 0]);
        await put(log, { values: ["next"], timestamp: 10_000 });
        assert.deepEqual(valuesOf(await readAll(log)), ["next"]);
      },
    );

    withPartition(
      "keeps a duplicate's offsets and the next sequence after segments are deleted (KIP-360)",
      { segmentBytes: 150, retentionMs: 1000 },
      async (log, all) => {
        const batch = { producerId: 7, producerEpoch: 0, timestamp: 1_000 };
        await put(log, { ...batch, baseSequence: 0 });
        await all.clean(10_000);
        assert.equal(log.logStartOffset, 1);
        const gap = log.append(sampleBatch({ ...batch, baseSequence: 5 }), now);
        assert.ok(!gap.ok && gap.refusal === "producer");
        assert.equal((await put(log, { ...batch, baseSequence: 1 })).baseOffset, 1);
      },
    );

    const compacted = { cleanupPolicy: { delete: false, compact: true }, segmentBytes: 400, deleteRetentionMs: 1000 };
    const keyed = (keys: string[], value: string) => ({ keys, values: keys.map(() => value) });
    const pairs = async (log: PartitionLog) => {
      const found: string[] = [];
      for (let offset = log.logStartOffset; ; ) {
        const records = recordsOf((await readAll(log, offset)).chunks);
        found.push(...records.map(({ offset, key, value }) => `${offset} ${key}=${value}`));
        if (records.length === 0) return found;
        offset = records.at(-1)!.offset + 1;
      }
    };
    /** Fills and so closes the active segment, which is never compacted. */
    const roll = async (log: PartitionLog) => {
      await put(log, { keys: ["filler"], values: ["x".repeat(320)] });
    };
    const withoutFiller = async (log: PartitionLog) => (await pairs(log)).filter((pair) => !pair.includes("filler"));

    withPartition("compaction keeps the latest value of each key, at its offset", compacted, async (log, all) => {
      await put(log, keyed(["a", "b"], "1"));
      await put(log, { ...keyed(["a", "c"], "2"), compression: "gzip" });
      await put(log, keyed(["a"], "3"));
      await roll(log);
      const before = log.sizeInBytes;
      await all.clean(1_000_000);
      assert.ok(log.sizeInBytes < before);
      assert.deepEqual(await withoutFiller(log), ["1 b=1", "3 c=2", "4 a=3"]);
      await put(log, keyed(["b", "c"], "4"));
      await roll(log);
      await roll(log);
      await all.clean(1_000_000);
      assert.deepEqual(await withoutFiller(log), ["4 a=3", "6 b=4", "7 c=4"]);
      assert.equal((await put(log, {})).baseOffset, 10);
    });

    withPartition("compaction keeps a tombstone for delete.retention.ms (KIP-534)", compacted, async (log, all) => {
      await put(log, keyed(["a", "b"], "1"));
      const tombstone = encodeBatch({ records: [{ key: utf8("a"), value: null, timestamp: 1 }] }, platform);
      await accepted(log.append(tombstone, now)).durable;
      for (const [wallMs, expected] of [
        [10_000, ["1 b=1", "2 a=null"]],
        [10_999, ["1 b=1", "2 a=null"]],
        [11_000, ["1 b=1"]],
      ] as const) {
        await roll(log);
        await roll(log);
        await all.clean(wallMs);
        assert.deepEqual(await withoutFiller(log), expected, `at ${wallMs}`);
      }
    });

    withPartition("compaction keeps a producer's last batch, which tells its sequence", compacted, async (log, all) => {
      const producer = { producerId: 5, producerEpoch: 0 };
      await put(log, { ...keyed(["a"], "1"), ...producer, baseSequence: 0 });
      await put(log, { ...keyed(["a"], "2"), ...producer, baseSequence: 1 });
      await put(log, keyed(["a"], "3"));
      await roll(log);
      await roll(log);
      await all.clean(1_000_000);
      const headers: BatchView[] = [];
      for (let offset = 0; offset < log.logEndOffset; offset = headers.at(-1)!.lastOffset + 1) {
        for (const chunk of (await readAll(log, offset)).chunks) headers.push(...batches(chunk));
      }
      assert.deepEqual(
        headers.map((batch) => [batch.baseOffset, batch.lastOffset, batch.count, batch.baseSequence]),
        [
          [1, 1, 0, 1],
          [2, 2, 1, -1],
          [3, 3, 1, -1],
          [4, 4, 1, -1],
        ],
      );
      assert.ok(headers.every((batch) => verifyCrc(batch, platform)));
    });

    withPartition(
      "compaction waits for min.compaction.lag.ms and min.cleanable.dirty.ratio, but only for max.compaction.lag.ms",
      { ...compacted, minCompactionLagMs: 500, maxCompactionLagMs: 5_000 },
      async (log, all) => {
        const count = async () => (await pairs(log)).length;
        const fill = async (wallMs: number) => {
          for (let value = 0; value < 9; value++) await put(log, keyed(["a"], "v"), { leaderEpoch: 0, wallMs });
        };
        await fill(1_000);
        await all.clean(1_499);
        assert.equal(await count(), 9, "too young");
        await all.clean(1_500);
        const cleaned = await count();
        assert.ok(cleaned < 9);
        log.configure({ ...log.config, minCleanableDirtyRatio: 1 });
        await fill(2_000);
        await all.clean(6_000);
        assert.equal(await count(), cleaned + 9, "not dirty enough");
        await all.clean(6_001);
        assert.ok((await count()) < cleaned + 9, "it has waited long enough");
      },
    );

    withPartition(
      "compaction leaves a topic of cleanup.policy=delete alone",
      { segmentBytes: 200 },
      async (log, all) => {
        for (let value = 0; value < 9; value++) await put(log, keyed(["a"], `${value}`));
        await all.clean(2_000);
        assert.equal((await pairs(log)).length, 9);
      },
    );

    withPartition("forgets a deleted partition; one made again under its name starts empty", {}, async (log, all) => {
      await put(log, { values: ["old"] });
      let noticed = 0;
      log.watch(() => noticed++);
      await all.delete("orders", 0);
      assert.equal(all.get("orders", 0), undefined);
      assert.deepEqual(log.append(sampleBatch(), now), { ok: false, refusal: "deleted" });
      await assert.rejects(readAll(log, 0), { name: "LogError", kind: "deleted" });
      assert.equal(noticed, 1);
      const again = await all.create({ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" }, defaultLogConfig);
      assert.equal(again.logEndOffset, 0);
      assert.equal((await readAll(again)).bytes, 0);
      await put(again, { values: ["new"] });
      assert.deepEqual(valuesOf(await readAll(again)), ["new"]);
      assert.deepEqual(
        [...all.partitions()].map(({ topic, partition, topicId }) => ({ topic, partition, topicId })),
        [{ ...orders, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" }],
      );
    });

    withPartition("makes no partition twice", {}, async (_log, all) => {
      await assert.rejects(all.create(orders, defaultLogConfig), { name: "LogError", kind: "exists" });
    });

    withPartition("refuses bytes that are no whole batches", {}, async (log) => {
      assert.throws(() => log.append(sampleBatch().subarray(0, 70), now), RangeError);
      assert.throws(() => log.append(new Uint8Array(0), now), RangeError);
      assert.equal(log.logEndOffset, 0);
    });
  });
}

export { platform, text };
