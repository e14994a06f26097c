/** Transactions behind the port, in every engine: what a partition tells equals what its history says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { AppendResult, Log, LogConfig, PartitionLog } from "../../src/log/log.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { batches, encodeControlBatch } from "../../src/protocol/records/batch.ts";
import { platform, sampleBatch } from "./batches.ts";
import { accepted, orders } from "./conformance.ts";
import { now, readCommitted, TransactionModel } from "./transaction-model.ts";

/** Where a log of the engine lies: what one opens the next one finds again. */
export interface Storage {
  open(): Promise<Log>;
  /** What opens next finds what a process that was killed has left. undefined: nothing outlives the process. */
  readonly crash?: () => void;
}

const abort = { type: "ABORT", producerId: 7, producerEpoch: 0, coordinatorEpoch: 3, timestamp: 1000 } as const;
const append = { producerId: 7, producerEpoch: 0, transactional: true };

function begin(log: PartitionLog, batch: object = {}): AppendResult {
  const start = { producerId: 7, producerEpoch: 0, baseSequence: 0, ...batch };
  const started = log.startVerification(start, true, 1);
  assert.equal(started.kind, "needed");
  const verification = started.kind === "needed" ? started.verification : undefined;
  return log.append(sampleBatch({ ...append, baseSequence: 0, ...batch }), { ...now, verification });
}

function end(log: PartitionLog, more: Partial<Parameters<typeof encodeControlBatch>[0]> = {}, transactionVersion = 1) {
  const bytes = encodeControlBatch({ ...abort, ...more }, platform);
  return log.append(bytes, { ...now, internal: true, transactionVersion });
}

function refusedWith(result: AppendResult): ErrorCode {
  assert.ok(!result.ok && result.refusal === "producer", "the append was not refused for its producer");
  return result.verdict.errorCode;
}

const producerId = fc.constantFrom(1, 2, 3, 4);
const keys = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const type = fc.constantFrom("COMMIT" as const, "ABORT" as const);
const version = fc.constantFrom(1, 2);
const part = fc.double({ min: 0, max: 1, noNaN: true });
const is = <Name extends string>(name: Name) => fc.constant(name);
const action = {
  send: fc.record({ do: is("send"), producerId, keys, transactional: fc.boolean() }),
  plain: fc.record({ do: is("plain"), keys }),
  end: fc.record({ do: is("end"), producerId, type, version }),
  crash: fc.record({ do: is("crash") }),
  close: fc.record({ do: is("close") }),
  truncate: fc.record({ do: is("truncate"), part }),
  deleteBefore: fc.record({ do: is("deleteBefore"), part }),
  clean: fc.record({ do: is("clean") }),
};
type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
type Action = ValueOf<(typeof action)[keyof typeof action]>;
const { send, end: endOf, plain, crash, close, truncate, deleteBefore, clean } = action;
const history: fc.Arbitrary<Action>[] = [send, send, send, endOf, endOf, plain, crash, close];
const cut = fc.oneof(...history, deleteBefore, truncate);
const cleaned = fc.oneof(...history, clean, clean);

export function transactionConformance(engine: string, storage: () => Storage): void {
  const withPartition = (name: string, body: (log: PartitionLog, all: Log) => Promise<void>, config = {}) =>
    test(name, async () => {
      const all = await storage().open();
      try {
        await body(await all.create(orders, { ...defaultLogConfig, ...config }), all);
      } finally {
        await all.close();
      }
    });

  describe(`transactions in the engine ${engine}`, () => {
    withPartition("the last stable offset stands at the oldest open transaction", async (log) => {
      await accepted(log.append(sampleBatch(), now)).durable;
      assert.equal(log.lastStableOffset, 1);
      await accepted(begin(log)).durable;
      await accepted(begin(log, { producerId: 8 })).durable;
      assert.deepEqual([log.highWatermark, log.lastStableOffset], [3, 1]);
      const bound = { maxBytes: 1000, atLeastOne: true, upTo: "last-stable-offset" } as const;
      assert.deepEqual((await log.read(0, bound))?.nextOffset, 1);
      assert.equal((await log.read(1, bound))?.bytes, 0);
      assert.equal(log.bytesFrom(1, "last-stable-offset"), 0);
      assert.ok(log.bytesFrom(1) > 0);
      const ended = accepted(end(log));
      await ended.durable;
      assert.equal(log.lastStableOffset, 2);
      assert.deepEqual(log.abortedTransactions(0, 2), [{ producerId: 7, firstOffset: 1 }]);
      assert.deepEqual(log.abortedTransactions(4, 9), []);
      await accepted(end(log, { producerId: 8, type: "COMMIT" })).durable;
      assert.deepEqual([log.lastStableOffset, log.abortedTransactions(0, 9).length], [5, 1]);
    });

    withPartition("a marker counts once it is durable", async (log) => {
      await accepted(begin(log)).durable;
      await accepted(log.append(sampleBatch(), now)).durable;
      const ended = accepted(end(log));
      assert.equal(log.lastStableOffset, log.highWatermark < log.logEndOffset ? 0 : 3);
      await ended.durable;
      assert.equal(log.lastStableOffset, 3);
    });

    withPartition(
      "retention may take the first records of an open transaction: it stays open",
      async (log, all) => {
        await accepted(begin(log, { timestamp: 1_000 })).durable;
        for (const timestamp of [9_000, 9_500]) {
          await accepted(log.append(sampleBatch({ values: ["".padEnd(100)], timestamp }), now)).durable;
        }
        await all.clean(9_900);
        assert.deepEqual([log.logStartOffset, log.lastStableOffset, log.highWatermark], [1, 1, 3]);
        assert.equal(log.hasOngoingTransaction(7, 0), true);
        await accepted(end(log, { timestamp: 9_900 })).durable;
        assert.equal(log.lastStableOffset, 4);
        assert.deepEqual(log.abortedTransactions(1, 4), [{ producerId: 7, firstOffset: 0 }]);
        await all.clean(20_000);
        assert.deepEqual([log.logStartOffset, log.abortedTransactions(0, 9)], [4, []]);
      },
      { segmentBytes: 150, retentionMs: 1_000 },
    );

    withPartition("a marker is fenced by producer epoch and by coordinator epoch", async (log) => {
      await accepted(begin(log, { producerEpoch: 4 })).durable;
      assert.equal(refusedWith(end(log, { producerEpoch: 3 })), ErrorCode.INVALID_PRODUCER_EPOCH);
      assert.equal(refusedWith(end(log, { producerEpoch: 4 }, 2)), ErrorCode.INVALID_PRODUCER_EPOCH, "KIP-890");
      await accepted(end(log, { producerEpoch: 5 }, 2)).durable;
      await accepted(end(log, { producerEpoch: 5 }, 2)).durable; // repeated: nothing is open
      const older = end(log, { producerEpoch: 6, coordinatorEpoch: 2 });
      assert.equal(refusedWith(older), ErrorCode.TRANSACTION_COORDINATOR_FENCED);
      const { lastTimestamp: _, ...producer } = [...log.producers()][0]!;
      const epochs = { producerEpoch: 5, coordinatorEpoch: 3 };
      assert.deepEqual(producer, { producerId: 7, ...epochs, lastSequence: -1, currentTxnStartOffset: -1 });
    });

    withPartition("nobody begins a transaction unverified, nor with what a marker made void (KIP-890)", async (log) => {
      const batch = () => sampleBatch({ ...append, baseSequence: 0 });
      assert.equal(refusedWith(log.append(batch(), now)), ErrorCode.INVALID_TXN_STATE);
      const started = log.startVerification({ ...append, baseSequence: 0 }, false, 1);
      assert.ok(started.kind === "needed");
      await accepted(end(log)).durable;
      const late = log.append(batch(), { ...now, verification: started.verification });
      assert.equal(refusedWith(late), ErrorCode.INVALID_TXN_STATE);
      await accepted(begin(log)).durable;
      assert.deepEqual(log.startVerification({ ...append, baseSequence: 1 }, false, 1), { kind: "ongoing" });
      assert.equal(log.hasOngoingTransaction(7, 0), true);
      assert.equal(log.hasOngoingTransaction(7, 1), false);
      const fenced = log.startVerification({ ...append, producerEpoch: -1, baseSequence: 0 }, false, 1);
      assert.equal(fenced.kind === "refused" && fenced.verdict.errorCode, ErrorCode.INVALID_PRODUCER_EPOCH);
    });

    withPartition("what was verified for the next transaction outlives the marker of the one before", async (log) => {
      await accepted(begin(log)).durable;
      const next = log.startVerification({ ...append, producerEpoch: 1, baseSequence: 0 }, true, 1);
      assert.ok(next.kind === "needed");
      await accepted(end(log, { producerEpoch: 1 }, 2)).durable;
      const batch = sampleBatch({ ...append, producerEpoch: 1, baseSequence: 0 });
      assert.ok(log.append(batch, { ...now, verification: next.verification }).ok);
    });

    withPartition("the lowest sequence that was asked for comes first", async (log) => {
      log.startVerification({ ...append, baseSequence: 0 }, false, 1);
      const gap = begin(log, { baseSequence: 1 });
      assert.equal(refusedWith(gap), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
      await accepted(begin(log)).durable;
    });

    withPartition("within a transaction nothing comes that is of none", async (log) => {
      await accepted(begin(log)).durable;
      const plain = log.append(sampleBatch({ ...append, transactional: false, baseSequence: 1 }), now);
      assert.equal(refusedWith(plain), ErrorCode.INVALID_TXN_STATE);
    });

    withPartition(
      "a producer with an open transaction does not expire",
      async (log, all) => {
        await accepted(begin(log)).durable;
        await all.clean(Number.MAX_SAFE_INTEGER);
        assert.equal(log.hasOngoingTransaction(7, 0), true);
        await accepted(end(log)).durable;
        await all.clean(Number.MAX_SAFE_INTEGER);
        assert.deepEqual([...log.producers()], []);
      },
      { retentionMs: -1 },
    );

    withPartition(
      "compaction takes aborted records at once, and their marker delete.retention.ms later",
      async (log, all) => {
        const model = new TransactionModel();
        await accepted(model.send(log, 7, true, ["a"])).durable;
        await accepted(model.send(log, 8, true, ["a"])).durable;
        await accepted(model.end(log, 7, "COMMIT", 1)).durable;
        await accepted(model.end(log, 8, "ABORT", 1)).durable;
        await accepted(model.send(log, 7, false, ["b"])).durable;
        await accepted(model.send(log, 8, false, ["c"])).durable;
        for (const key of ["x", "y"])
          await accepted(log.append(sampleBatch({ keys: [key], values: ["".padEnd(300)] }), now)).durable;
        const left = async () => {
          const offsets: number[] = [];
          for (let offset = 0; offset < log.logEndOffset; ) {
            const read = (await log.read(offset, { maxBytes: 1 << 20, atLeastOne: true, upTo: "log-end" }))!;
            for (const chunk of read.chunks) for (const batch of batches(chunk)) offsets.push(batch.baseOffset);
            offset = read.nextOffset;
          }
          return offsets;
        };
        await all.clean(10_000);
        assert.deepEqual(await left(), [0, 2, 3, 4, 5, 6, 7], "the aborted record went");
        await all.clean(20_000);
        await accepted(log.append(sampleBatch({ keys: ["z"], values: ["".padEnd(300)] }), now)).durable;
        await all.clean(30_000);
        assert.deepEqual(await left(), [0, 2, 3, 4, 5, 6, 7, 8], "its marker waits");
        assert.deepEqual(log.abortedTransactions(0, 9), []);
        await accepted(log.append(sampleBatch({ keys: ["z"], values: ["".padEnd(300)] }), now)).durable;
        await all.clean(31_000);
        assert.deepEqual(
          await left(),
          [0, 2, 4, 5, 6, 7, 8, 9],
          "its marker went; the committed one's record is there",
        );
      },
      {
        cleanupPolicy: { delete: false, compact: true },
        segmentBytes: 500,
        deleteRetentionMs: 1_000,
        minCleanableDirtyRatio: 0,
      },
    );

    const always = (name: string, config: Partial<LogConfig>, actions: fc.Arbitrary<Action>) =>
      test(name, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 40 }), (script) =>
            play(storage(), config, script),
          ),
          { numRuns: Number(process.env.REGROUP_TEST_RUNS ?? 60) },
        );
      });
    always("cut at either end, closed and killed, it is what its history says", { segmentBytes: 400 }, cut);
    always(
      "compacted, closed and killed, its committed records are those of its history",
      {
        segmentBytes: 400,
        cleanupPolicy: { delete: false, compact: true },
        minCleanableDirtyRatio: 0,
        deleteRetentionMs: 2,
      },
      cleaned,
    );
  });

  async function play(stored: Storage, config: Partial<LogConfig>, script: readonly Action[]): Promise<void> {
    const model = new TransactionModel();
    let all = await stored.open();
    let log = await all.create(orders, { ...defaultLogConfig, ...config });
    let wallMs = 1_000;
    for (const action of script) {
      switch (action.do) {
        case "send": {
          const transactional = action.transactional || model.isOpen(action.producerId);
          await accepted(model.send(log, action.producerId, transactional, action.keys)).durable;
          break;
        }
        case "plain":
          await accepted(model.send(log, -1, false, action.keys)).durable;
          break;
        case "end":
          await accepted(model.end(log, action.producerId, action.type, action.version)).durable;
          break;
        case "truncate": {
          const offset = await batchStart(log, action.part);
          await log.truncate(offset);
          model.entries.length = offset;
          break;
        }
        case "deleteBefore":
          model.logStartOffset = Math.max(model.logStartOffset, Math.floor(action.part * log.highWatermark));
          await log.deleteBefore(model.logStartOffset);
          break;
        case "clean":
          await all.clean(wallMs++);
          break;
        default:
          if (stored.crash === undefined) break;
          if (action.do === "close") await all.close();
          else stored.crash();
          all = await stored.open();
          log = all.get(orders.topic, orders.partition)!;
      }
      await equalsHistory(log, model, config.cleanupPolicy?.compact === true);
    }
    await all.close();
  }
}

/** A place where a batch begins, not in front of the log start. */
async function batchStart(log: PartitionLog, part: number): Promise<number> {
  const { logStartOffset, logEndOffset } = log;
  const offset = logStartOffset + Math.floor(part * (logEndOffset - logStartOffset));
  if (offset === logEndOffset) return offset;
  const read = await log.read(offset, { maxBytes: 1, atLeastOne: true, upTo: "log-end" });
  const start = [...batches(read!.chunks[0]!)][0]!.baseOffset;
  return start < logStartOffset ? logEndOffset : start;
}

export async function equalsHistory(log: PartitionLog, model: TransactionModel, isCompacted: boolean): Promise<void> {
  assert.equal(log.logEndOffset, model.entries.length);
  assert.equal(log.lastStableOffset, model.lastStableOffset, "last stable offset");
  for (const { producerId, lastTimestamp: _, ...told } of log.producers()) {
    assert.deepEqual(told, model.producer(producerId), `producer ${producerId}`);
  }
  const seen = await readCommitted(log);
  const { committed } = model;
  if (!isCompacted) {
    assert.deepEqual(seen, committed);
    const told = log.abortedTransactions(log.logStartOffset, log.logEndOffset);
    const expected = model.aborted.filter(({ lastOffset }) => lastOffset >= log.logStartOffset);
    assert.deepEqual(
      told,
      expected.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    );
    return;
  }
  const everCommitted = new Set(committed);
  for (const record of seen) assert.ok(everCommitted.has(record), `${record} was not committed`);
  const latest = new Map(committed.map((record) => [record.split(/[ =]/)[1], record]));
  for (const record of latest.values()) assert.ok(seen.includes(record), `${record} is lost`);
}
