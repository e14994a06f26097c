/** A start reads what no checkpoint covers: however slow segments are, the journal holds no more than four of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import { CheckpointRound } from "../../src/log/file/checkpoint-round.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted } from "./conformance.ts";

const kilobyte = 1024;
const checkpointBytes = 1000 * kilobyte;
const batchBytes = 100 * kilobyte;
const append = { leaderEpoch: 0, wallMs: 1 };

/** Each sync of a segment waits until it is let go. */
class HeldDisk extends MemoryDisk {
  readonly held: (() => void)[] = [];
  isHolding = true;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".log")) return file;
    const sync = file.sync.bind(file);
    file.sync = async () => {
      if (this.isHolding) await new Promise<void>((resolve) => this.held.push(resolve));
      await sync();
    };
    return file;
  }

  release(): void {
    this.isHolding = false;
    for (const go of this.held.splice(0)) go();
  }
}

test("acknowledgements go at the pace of segments, and a start reads four checkpoints at most", async () => {
  const disk = new HeldDisk();
  const log = await openFileLog({ disk, platform, folder: "data", wallMs: 1, checkpointBytes });
  const config = { ...defaultLogConfig, maxMessageBytes: 2 * batchBytes };
  const partitions = await Promise.all(
    [0, 1, 2, 3].map((partition) => log.create({ topic: "t", partition, topicId: "id" }, config)),
  );
  let sent = 0;
  let acknowledged = 0;
  const send = () => {
    const { durable } = accepted(
      partitions[sent++ % 4]!.append(sampleBatch({ values: ["x".repeat(batchBytes)] }), append),
    );
    durable.then(() => acknowledged++);
    return durable;
  };
  const untilHeldBack = async () => {
    do {
      send();
      for (let turn = 0; turn < 8; turn++) await nextTurn(); // the disk is memory: whatever can go on has gone on
      assert.ok(sent < 100, "the journal grows without end");
    } while (acknowledged === sent);
    return acknowledged;
  };
  const atFirst = await untilHeldBack();
  assert.ok(atFirst >= 18 && atFirst <= 22, `${atFirst} of 100 KB: half of what the journal may hold is 20`);
  disk.held.shift()!();
  const later = await untilHeldBack();
  assert.ok(
    later >= atFirst + 3 && later <= atFirst + 7,
    `${later}: one of four segments is done, so 5 more than ${atFirst}`,
  );
  assert.ok(later <= 40, "more than four checkpoints' worth");
  disk.release();
  await send();
  assert.equal(acknowledged, sent);
  const again = await openFileLog({ disk: disk.crash({ kind: "kill" }), platform, folder: "data", wallMs: 1 });
  const ends = partitions.map(({ partition }) => again.get("t", partition)!.logEndOffset);
  assert.equal(
    ends.reduce((sum, end) => sum + end, 0),
    sent,
  );
  await Promise.all([again.close(), log.close()]);
});

test("a round that fails holds nobody back", async () => {
  const round = new CheckpointRound(2, 10_000, 1000);
  const { promise, reject } = Promise.withResolvers<void>();
  const run = round.run([1, 2], 1, () => promise);
  const room = round.room(100_000);
  assert.ok(room);
  reject(new Error("EIO"));
  await assert.rejects(run, /EIO/);
  await room;
  assert.equal(round.room(100_000), undefined);
});
