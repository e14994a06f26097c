/** Reading a partition: its tail from memory, what is older from segment files. */
import { batches as batchesOf } from "../../protocol/records/batch.ts";
import type { ChunkCollector } from "../collect.ts";
import type { TimestampAndOffset } from "../log.ts";
import { firstAtOrAfter } from "../timestamps.ts";
import type { FilePartition } from "./partition.ts";
import { DamageError, type FileSegment, type Trusted } from "./segment.ts";
import type { Slabs } from "./slabs.ts";

/** @returns false when the offset lies before the tail. */
export function readTail(log: FilePartition, slabs: Slabs, offset: number, collector: ChunkCollector): boolean {
  const { tail } = log;
  tail.dropBelow(slabs.firstAddress);
  let index = tail.find(offset);
  if (index < 0) return false;
  for (; index < tail.length; index++) {
    for (const batch of batchesOf(slabs.lend(tail.address(index), tail.bytes(index)))) {
      if (batch.lastOffset >= offset && !collector.take(batch)) return true;
    }
  }
  return true;
}

/** @returns false when the segment that held the offset went meanwhile. @throws {LogError} */
export async function readFiles(
  log: FilePartition,
  offset: number,
  collector: ChunkCollector,
  trusted: Trusted,
): Promise<boolean> {
  for (const segment of log.segments.filter(({ lastOffset }) => lastOffset >= offset)) {
    const { logPath } = segment;
    try {
      const isMoreWanted = await readSegment(log, segment, offset, collector, trusted);
      if (!isMoreWanted || collector.bytes > 0) return true;
    } catch (error) {
      segment.verified.clear(); // a disk that fails once may give other bytes the next time
      if (!moved(log, segment, logPath)) throw log.damaged(error);
      if (collector.bytes > 0) return true;
      return offset >= log.logStartOffset && readFiles(log, offset, collector, trusted);
    }
  }
  return true;
}

/** An index that does not fit its segment is made anew, once; only then the segment counts as damaged. */
async function readSegment(
  log: FilePartition,
  segment: FileSegment,
  offset: number,
  collector: ChunkCollector,
  trusted: Trusted,
): Promise<boolean> {
  const { source } = log;
  const position = segment.stopAt(offset) ?? (await segment.positionBefore(source, offset));
  try {
    return await segment.readInto(source, position, offset, collector, trusted);
  } catch (error) {
    if (!(error instanceof DamageError) || position === 0 || collector.bytes > 0) throw error;
    segment.verified.clear();
    await segment.rebuildIndex(source);
    return segment.readInto(source, await segment.positionBefore(source, offset), offset, collector, "nothing");
  }
}

/** The first record below the high watermark with a timestamp ≥ `timestampMs`, in segment files. @throws {LogError} */
export async function findTimestamp(log: FilePartition, timestampMs: number): Promise<TimestampAndOffset | undefined> {
  const { highWatermark, logStartOffset, source } = log;
  for (const segment of log.segments) {
    if (segment.maxTimestamp < timestampMs || segment.lastOffset < logStartOffset) continue;
    const { logPath } = segment;
    try {
      const offset = await segment.offsetBeforeTimestamp(source, timestampMs);
      const from = (position: number) => segment.batches(source, position, segment.written);
      for await (const batches of await fromOffset(log, segment, offset, from)) {
        for (const batch of batches) {
          if (batch.baseOffset >= highWatermark) return undefined;
          const found = firstAtOrAfter(batch, timestampMs, logStartOffset, source.platform);
          if (found) return found;
        }
      }
    } catch (error) {
      if (moved(log, segment, logPath)) return findTimestamp(log, timestampMs);
      throw log.damaged(error);
    }
  }
  return undefined;
}

/** Did the segment go, or take another name, while it was read? Then what went wrong means nothing. */
function moved(log: FilePartition, segment: FileSegment, logPath: string): boolean {
  return !log.segments.includes(segment) || segment.logPath !== logPath;
}

/** As `readSegment`, batch by batch. */
async function fromOffset<T>(
  log: FilePartition,
  segment: FileSegment,
  offset: number,
  from: (position: number) => AsyncGenerator<T, void, undefined>,
): Promise<AsyncIterable<T> | Iterable<T>> {
  const position = await segment.positionBefore(log.source, offset);
  const reading = from(position);
  try {
    const first = await reading.next();
    return first.done ? [] : startingWith(first.value, reading);
  } catch (error) {
    if (!(error instanceof DamageError) || position === 0) throw error;
    await segment.rebuildIndex(log.source);
    return from(await segment.positionBefore(log.source, offset));
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
