/** Finding records by time. Kafka looks into the one batch that must hold the record, so both answers are exact. */
import type { Platform } from "../protocol/platform.ts";
import { type BatchView, readRecords } from "../protocol/records/batch.ts";
import type { TimestampAndOffset } from "./log.ts";

/** The first record of the batch, from `offset` on, with a timestamp ≥ `timestampMs`. */
export function firstAtOrAfter(
  batch: BatchView,
  timestampMs: number,
  offset: number,
  platform: Platform,
): TimestampAndOffset | undefined {
  if (batch.maxTimestamp < timestampMs || batch.lastOffset < offset) return undefined;
  for (const record of readRecords(batch, platform)) {
    if (record.offset >= offset && record.timestamp >= timestampMs) {
      return { timestamp: record.timestamp, offset: record.offset, leaderEpoch: batch.partitionLeaderEpoch };
    }
  }
  return undefined;
}
