/** A start reads what no checkpoint covers: however slow segments are, no more than what brings three of them. */
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

/** Each sync of a segment waits until it is let go, or each time that one is opened. */
class HeldDisk extends MemoryDisk {
  readonly held: (() => void)[] = [];
  isHolding = true;
  readonly #what: "sync" | "open";

  constructor(what: "sync" | "open" = "sync") {
    super();
    this.#what = what;
  }

  async #hold(what: "sync" | "open"): Promise<void> {
    if (this.isHolding && what === this.#what) await new Promise<void>((resolve) => this.held.push(resolve));
  }

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (path.endsWith(".log")) await this.#hold("open");
    const file = await super.open(path, mode);
    if (!path.endsWith(".log")) return file;
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await this.#hold("sync");
      await sync();
    };
    return file;
  }

  release(): void {
    this.isHolding = false;
    for (const go of this.held.splice(0)) go();
  }
}

test("acknowledgements go at the pace of segments, and a start reads three checkpoints' worth at most", async () => {
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
  assert.ok(atFirst >= 13 && atFirst <= 17, `${atFirst} of 100 KB: half of what the journal may hold is 15`);
  disk.held.shift()!();
  const later = await untilHeldBack();
  assert.ok(
    later >= atFirst + 2 && later <= atFirst + 6,
    `${later}: one of four segments is done, so 4 more than ${atFirst}`,
  );
  assert.ok(later <= 30, "more than three checkpoints' worth");
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

test("what is asked of a journal that waits for segments, with nothing left to write, is heard", async () => {
  const config = { ...defaultLogConfig, maxMessageBytes: 2 * batchBytes };
  const after = async (appends: number) => {
    const disk = new HeldDisk("open");
    const log = await openFileLog({ disk, platform, folder: "data", wallMs: 1, maxPendingBytes: 1000 * kilobyte });
    const partition = await log.create({ topic: "t", partition: 0, topicId: "id" }, config);
    let acknowledged = 0;
    for (let sent = 0; sent < appends; sent++) {
      const { durable } = accepted(partition.append(sampleBatch({ values: ["x".repeat(batchBytes)] }), append));
      durable.then(() => acknowledged++);
      for (let turn = 0; turn < 10; turn++) await nextTurn(); // the disk is memory: whatever can go on has gone on
    }
    const isHeldBack = acknowledged < appends;
    const cleaned = log.clean(1);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    disk.release();
    await cleaned;
    await log.close();
    return isHeldBack;
  };
  let appends = 50; // one of these numbers leaves the journal waiting behind its last write
  while (!(await after(appends))) assert.ok(++appends < 100, "nothing waits for segments");
  assert.ok(appends > 55);
});

test("while some partitions are not done, some more is taken the more of the others are", async () => {
  const due = 1000;
  const round = new CheckpointRound(10, 4 * due, due);
  const gates = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
  const run = round.run(gates, 10, ({ promise }) => promise);
  const allowed = () => {
    let bytes = 0;
    while (round.room(bytes + 1) === undefined && bytes < 10 * due) bytes++;
    return bytes;
  };
  const grown = [allowed()];
  for (const { resolve } of gates) {
    resolve();
    await nextTurn();
    grown.push(allowed());
  }
  assert.deepEqual(grown, [250, 275, 300, 325, 350, 375, 400, 425, 450, 475, 10 * due]);
  await run;
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
