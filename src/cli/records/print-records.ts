/** Prints what a consumer reads, until there is a reason to end. */
import { setTimeout as delay } from "node:timers/promises";
import type { OffsetToCommit } from "../../client/consumer/committer.ts";
import type { Consumer } from "../../client/consumer/consumer.ts";
import type { ConsumerRecord } from "../../client/consumer/consumer-record.ts";
import { InvalidStateError } from "../../client/consumer/errors.ts";
import type { ConsumerBatch } from "../../client/consumer/loops.ts";
import { writeOut } from "../stdout.ts";
import { keyOf, type Offsets } from "./reading-range.ts";
import type { RecordFormat } from "./record-format.ts";

/** Whatever comes first. */
export interface Ending {
  readonly maxRecords: number;
  /** No record came for so long. */
  readonly idleMs: number;
  /** Every partition that the consumer has was read up to here; a partition that is not named is not read. */
  readonly ends: Offsets | undefined;
  readonly signal: AbortSignal;
}

export interface Printed {
  readonly count: number;
  /** It ended because none came for so long. */
  readonly isIdle: boolean;
  /** Behind the last printed record of each partition. */
  readonly offsets: readonly OffsetToCommit[];
}

/** How often it is looked whether the ends are reached: at the last offsets there may be no records. */
const lookEveryMs = 50;

/** @param hasPartitions whether the consumer knows by now which partitions it has. */
export async function printRecords(
  consumer: Consumer,
  format: RecordFormat,
  { maxRecords, idleMs, ends, signal }: Ending,
  hasPartitions: () => boolean,
): Promise<Printed> {
  const batches = consumer.batches();
  const offsets = new Map<string, OffsetToCommit>();
  const patienceMs = ends === undefined ? idleMs : Math.min(lookEveryMs, idleMs);
  let count = 0;
  let pending: Promise<IteratorResult<ConsumerBatch, undefined>> | undefined;
  let lastAtMs = performance.now();
  while (count < maxRecords && !signal.aborted && performance.now() - lastAtMs < idleMs) {
    if (ends !== undefined && hasPartitions() && (await isAtEnds(consumer, ends))) break;
    pending ??= batches.next();
    const next = await within(pending, patienceMs, signal);
    if (next === undefined) continue;
    if (next.done === true) break;
    pending = undefined;
    const end = ends === undefined ? Number.POSITIVE_INFINITY : (ends.get(keyOf(next.value)) ?? 0);
    const records = next.value.records.filter(({ offset }) => offset < end).slice(0, maxRecords - count);
    await writeOut(records.map(format).join(""));
    count += records.length;
    lastAtMs = performance.now();
    for (const record of records.slice(-1)) offsets.set(keyOf(record), behind(record));
    // What was written meanwhile is left to the next reader: neither printed nor committed.
    if (next.value.records.at(-1)!.offset >= end) await stopAt(consumer, next.value, end);
  }
  const isIdle = count < maxRecords && performance.now() - lastAtMs >= idleMs;
  return { count, isIdle, offsets: [...offsets.values()] };
}

function behind({ topic, partition, offset, leaderEpoch }: ConsumerRecord): OffsetToCommit {
  return { topic, partition, offset: offset + 1, leaderEpoch };
}

async function stopAt(consumer: Consumer, { topic, partition }: ConsumerBatch, end: number): Promise<void> {
  await consumer.seek({ topic, partition }, end);
  consumer.pause([{ topic, partition }]);
}

/** @returns undefined when the time is over, or the signal comes first. @throws what the promise rejects with. */
async function within<T>(promise: Promise<T>, timeMs: number, signal: AbortSignal): Promise<T | undefined> {
  const timer = new AbortController();
  const both = AbortSignal.any([signal, timer.signal]);
  const over = delay(Math.min(timeMs, 0x7fffffff), undefined, { signal: both }).catch(() => undefined);
  try {
    return await Promise.race([promise, over]);
  } finally {
    timer.abort();
  }
}

async function isAtEnds(consumer: Consumer, ends: Offsets): Promise<boolean> {
  try {
    for (const partition of consumer.assignment()) {
      if ((await consumer.position(partition)) < (ends.get(keyOf(partition)) ?? 0)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof InvalidStateError) return false; // it was revoked meanwhile
    throw error;
  }
}
