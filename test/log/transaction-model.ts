/** What a partition with transactions must be, told by its whole history: one scan for each answer. */
import assert from "node:assert/strict";
import type { AppendOptions, AppendResult, PartitionLog } from "../../src/log/log.ts";
import { batches, encodeControlBatch, readRecords } from "../../src/protocol/records/batch.ts";
import { platform, sampleBatch, text } from "./batches.ts";

/** One record as it was appended; markers have no value. */
interface Entry {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly sequence: number;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly transactional: boolean;
  readonly marker: "COMMIT" | "ABORT" | undefined;
  readonly coordinatorEpoch: number;
}

export interface Ended {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly type: "COMMIT" | "ABORT";
}

export class TransactionModel {
  entries: Entry[] = [];
  logStartOffset = 0;
  #values = 0;

  get #history() {
    const open = new Map<number, number>();
    const ended: Ended[] = [];
    for (const [offset, { producerId, transactional, marker }] of this.entries.entries()) {
      const firstOffset = open.get(producerId);
      if (marker === undefined) {
        if (transactional && firstOffset === undefined) open.set(producerId, offset);
      } else if (firstOffset !== undefined) {
        ended.push({ producerId, firstOffset, lastOffset: offset, type: marker });
        open.delete(producerId);
      }
    }
    return { open, ended };
  }

  get lastStableOffset(): number {
    return Math.max(Math.min(this.entries.length, ...this.#history.open.values()), this.logStartOffset);
  }

  isOpen(producerId: number): boolean {
    return this.#history.open.has(producerId);
  }

  get aborted(): Ended[] {
    return this.#history.ended.filter(({ type }) => type === "ABORT");
  }

  producer(producerId: number) {
    const own = this.entries.filter((entry) => entry.producerId === producerId);
    const last = own.at(-1);
    if (last === undefined) return undefined;
    const data = own.filter(({ marker, producerEpoch }) => !marker && producerEpoch === last.producerEpoch);
    return {
      producerEpoch: last.producerEpoch,
      lastSequence: data.at(-1)?.sequence ?? -1,
      coordinatorEpoch: own.findLast(({ marker }) => marker)?.coordinatorEpoch ?? -1,
      currentTxnStartOffset: this.#history.open.get(producerId) ?? -1,
    };
  }

  /** What a read_committed reader sees from the log start on, as `offset key=value`. */
  get committed(): string[] {
    const { aborted, lastStableOffset } = this;
    const isAborted = (producerId: number, offset: number) =>
      aborted.some((txn) => txn.producerId === producerId && txn.firstOffset <= offset && offset < txn.lastOffset);
    return this.entries.slice(0, lastStableOffset).flatMap((entry, offset) => {
      const { producerId, marker, key, value, transactional } = entry;
      if (marker || offset < this.logStartOffset || (transactional && isAborted(producerId, offset))) return [];
      return [`${offset} ${key}=${value}`];
    });
  }

  /** Appends through the port what the model says comes next, as a client of that producer would. */
  send(log: PartitionLog, producerId: number, transactional: boolean, keys: readonly string[]): AppendResult {
    const known = producerId < 0 ? undefined : this.producer(producerId);
    const producerEpoch = producerId < 0 ? -1 : (known?.producerEpoch ?? 0);
    const baseSequence = producerId < 0 ? -1 : (known?.lastSequence ?? -1) + 1;
    const values = keys.map(() => `v${this.#values++}`);
    const bytes = sampleBatch({ keys, values, producerId, producerEpoch, baseSequence, transactional });
    const start = { producerId, producerEpoch, baseSequence };
    const started = transactional ? log.startVerification(start, true, 1) : undefined;
    const verification = started?.kind === "needed" ? started.verification : undefined;
    const result = log.append(bytes, { ...now, verification });
    if (!result.ok) return result;
    for (const [index, key] of keys.entries()) {
      const sequence = baseSequence < 0 ? -1 : baseSequence + index;
      const value = values[index];
      this.entries.push({ ...marked, producerId, producerEpoch, sequence, key, value, transactional });
    }
    return result;
  }

  /** @param transactionVersion 2: the epoch grows with the end. */
  end(log: PartitionLog, producerId: number, marker: "COMMIT" | "ABORT", transactionVersion: number): AppendResult {
    const known = this.producer(producerId);
    const producerEpoch = (known?.producerEpoch ?? 0) + (transactionVersion >= 2 ? 1 : 0);
    const coordinatorEpoch = Math.max(0, known?.coordinatorEpoch ?? 0) + (this.entries.length % 2);
    const end = { type: marker, producerId, producerEpoch, coordinatorEpoch, timestamp: 1000 };
    const result = log.append(encodeControlBatch(end, platform), { ...now, internal: true, transactionVersion });
    if (result.ok) {
      const none = { key: undefined, value: undefined, sequence: -1, transactional: true };
      this.entries.push({ ...none, producerId, producerEpoch, marker, coordinatorEpoch });
    }
    return result;
  }
}

const marked = { marker: undefined, coordinatorEpoch: -1 };
export const now: AppendOptions = { leaderEpoch: 0, wallMs: 1_000 };

/** Reads as a client with isolation.level=read_committed does: by the list of what was aborted, and by the markers. */
export async function readCommitted(log: PartitionLog, maxBytes = 200): Promise<string[]> {
  const seen: string[] = [];
  for (let offset = log.logStartOffset; ; ) {
    const read = await log.read(offset, { maxBytes, atLeastOne: true, upTo: "last-stable-offset" });
    assert.ok(read, `nothing to read at ${offset}`);
    if (read.bytes === 0) return seen;
    const waiting = log.abortedTransactions(offset, read.nextOffset).toSorted((a, b) => a.firstOffset - b.firstOffset);
    const aborting = new Set<number>();
    for (const chunk of read.chunks) {
      for (const batch of batches(chunk)) {
        while (waiting[0] && waiting[0].firstOffset <= batch.lastOffset) aborting.add(waiting.shift()!.producerId);
        if (batch.control) {
          aborting.delete(batch.producerId);
          continue;
        }
        if (batch.transactional && aborting.has(batch.producerId)) continue;
        for (const record of readRecords(batch, platform)) {
          if (record.offset >= offset) seen.push(`${record.offset} ${text(record.key)}=${text(record.value)}`);
        }
      }
    }
    offset = read.nextOffset;
  }
}
