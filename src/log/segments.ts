/** When a segment is full, and which segments have had their time: decided from what is known without reading. */
import type { LogConfig } from "./log.ts";

export interface SegmentFacts {
  readonly baseOffset: number;
  /** Of the last record; below `baseOffset` when there is none. */
  readonly lastOffset: number;
  readonly sizeInBytes: number;
  readonly maxTimestamp: number;
  /** Wall time of the first and of the last append. */
  readonly createdMs: number;
  readonly lastAppendMs: number;
}

/** Offsets in a segment's index are int32, from its base offset on. */
const largestRelativeOffset = 2 ** 31 - 1;

/** Does an append that ends with `lastOffset` need a new segment? (segment.bytes, segment.ms) */
export function mustRoll(
  segment: SegmentFacts,
  append: { readonly bytes: number; readonly lastOffset: number; readonly wallMs: number },
  config: LogConfig,
): boolean {
  if (segment.sizeInBytes === 0) return append.lastOffset - segment.baseOffset > largestRelativeOffset;
  const { segmentMs, maxCompactionLagMs, cleanupPolicy } = config;
  const oldestMs = cleanupPolicy.compact ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
  return (
    segment.sizeInBytes + append.bytes > config.segmentBytes ||
    append.wallMs - segment.createdMs >= oldestMs ||
    append.lastOffset - segment.baseOffset > largestRelativeOffset
  );
}

/**
 * How many of the oldest segments go: below the log start, by retention.ms, by retention.bytes. It may be all of them,
 * also the active one (Kafka rolls it first); nothing that is not durable goes.
 */
export function segmentsToDelete(
  segments: readonly SegmentFacts[],
  log: { readonly logStartOffset: number; readonly highWatermark: number },
  config: LogConfig,
  wallMs: number,
): number {
  let excess = segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0) - config.retentionBytes;
  const expired = (segment: SegmentFacts) => {
    if (!config.cleanupPolicy.delete || segment.sizeInBytes === 0) return false;
    const newest = segment.maxTimestamp >= 0 ? segment.maxTimestamp : segment.lastAppendMs;
    return config.retentionMs >= 0 && wallMs - newest > config.retentionMs;
  };
  const tooMuch = (segment: SegmentFacts) =>
    config.cleanupPolicy.delete && config.retentionBytes >= 0 && excess >= segment.sizeInBytes;
  let count = 0;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    const end = next?.baseOffset ?? segment.lastOffset + 1;
    if (end > log.highWatermark || segment.sizeInBytes === 0) break;
    const belowStart = next !== undefined && end <= log.logStartOffset;
    if (!belowStart && !expired(segment) && !tooMuch(segment)) break;
    excess -= segment.sizeInBytes;
    count++;
  }
  return count;
}
