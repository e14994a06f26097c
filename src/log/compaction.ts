/**
 * Compaction: of each key only the latest record stays (cleanup.policy=compact), and nothing of aborted transactions.
 * What it decides, without any I/O.
 */
import type { Platform } from "../protocol/platform.ts";
import { type BatchRecord, type BatchView, encodeBatch, readRecords } from "../protocol/records/batch.ts";
import type { CleanedTransactions } from "./cleaned-transactions.ts";
import type { LogConfig } from "./log.ts";
import type { SegmentFacts } from "./segments.ts";

/** So many keys are told apart in one round; what lies behind them is cleaned in the next. */
const mostKeys = 1_000_000;

/** Of each key the offset of its latest record. */
export class LatestOffsets {
  readonly #offsets = new Map<string, number>();

  get isFull(): boolean {
    return this.#offsets.size >= mostKeys;
  }

  /** An aborted record is the latest of nothing. */
  note(batch: BatchView, transactions: CleanedTransactions, platform: Platform): void {
    if (batch.control) return void transactions.isNeedless(batch);
    if (transactions.isAborted(batch)) return;
    for (const { key, offset } of readRecords(batch, platform))
      if (key !== null) this.#offsets.set(textOf(key), offset);
  }

  /** Is there no later record of that key? A record without a key has no place in a compacted log. */
  isLatest({ key, offset }: BatchRecord): boolean {
    if (key === null) return false;
    const latest = this.#offsets.get(textOf(key));
    return latest === undefined || offset >= latest;
  }
}

/** One character for each byte: two keys are equal if and only if their texts are. */
function textOf(bytes: Uint8Array): string {
  if (bytes.length <= 4096) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += textOf(bytes.subarray(at, at + 4096));
  return text;
}

/**
 * How many of the oldest segments are to be cleaned now: all but the active one, those that reach beyond the last
 * stable offset, and those that are younger than min.compaction.lag.ms, once enough of them is dirty
 * (min.cleanable.dirty.ratio) or has waited for too long (max.compaction.lag.ms).
 */
export function segmentsToCompact(
  segments: readonly SegmentFacts[],
  { cleanedTo, lastStableOffset }: { readonly cleanedTo: number; readonly lastStableOffset: number },
  config: LogConfig,
  wallMs: number,
): number {
  if (!config.cleanupPolicy.compact) return 0;
  let count = 0;
  let cleanBytes = 0;
  let dirtyBytes = 0;
  let mustClean = false;
  for (const segment of segments.slice(0, -1)) {
    if (segment.lastOffset >= lastStableOffset) break;
    const isClean = segment.lastOffset < cleanedTo;
    if (!isClean && wallMs - segment.lastAppendMs < config.minCompactionLagMs) break;
    if (isClean) cleanBytes += segment.sizeInBytes;
    else dirtyBytes += segment.sizeInBytes;
    if (!isClean && wallMs - segment.createdMs > config.maxCompactionLagMs) mustClean = true;
    count++;
  }
  if (dirtyBytes === 0) return 0;
  return mustClean || dirtyBytes / (cleanBytes + dirtyBytes) >= config.minCleanableDirtyRatio ? count : 0;
}

/** Neighbours whose batches together fit into one segment: cleaned segments do not stay small for ever. */
export function groupSegments<S extends SegmentFacts>(segments: readonly S[], config: LogConfig): S[][] {
  const groups: S[][] = [];
  let bytes = 0;
  for (const segment of segments) {
    const group = groups.at(-1);
    const fits =
      group !== undefined &&
      bytes + segment.sizeInBytes <= config.segmentBytes &&
      segment.lastOffset - group[0]!.baseOffset < 2 ** 31;
    if (fits) {
      group.push(segment);
      bytes += segment.sizeInBytes;
    } else {
      groups.push([segment]);
      bytes = segment.sizeInBytes;
    }
  }
  return groups;
}

export interface CompactionRules {
  readonly latest: LatestOffsets;
  readonly transactions: CleanedTransactions;
  readonly wallMs: number;
  readonly deleteRetentionMs: number;
  readonly platform: Platform;
  /** Is it the last batch that its producer wrote here? It stays, emptied if need be: it tells sequence or epoch. */
  isProducersLast(batch: BatchView): boolean;
}

/**
 * What is left of a batch. Offsets stay: the batch keeps its first and last one whatever goes.
 * @returns the batch's own bytes when everything stays, undefined when nothing does.
 */
export function compactBatch(batch: BatchView, rules: CompactionRules): Uint8Array | undefined {
  const whole = batch.bytes.subarray(batch.at, batch.end);
  if (batch.control) return compactControlBatch(batch, rules);
  const isAborted = rules.transactions.isAborted(batch);
  // A timestamp beyond 2^53 could not be written again unchanged.
  if (!Number.isSafeInteger(batch.maxTimestamp) || !Number.isSafeInteger(batch.baseTimestamp)) return whole;
  // KIP-534: a tombstone's time begins to run when compaction first sees it, and stands in its batch.
  const tombstonesGo = batch.hasDeleteHorizon && rules.wallMs >= batch.deleteHorizonMs;
  const records = [...readRecords(batch, rules.platform)];
  const stays = (record: BatchRecord) => rules.latest.isLatest(record) && !(tombstonesGo && record.value === null);
  const kept = isAborted ? [] : records.filter(stays);
  const newHorizon = !batch.hasDeleteHorizon && kept.some(({ value }) => value === null);
  if (kept.length === 0 && !rules.isProducersLast(batch)) return undefined;
  if (kept.length === records.length && !newHorizon) return whole;
  return rewritten(batch, kept, newHorizon ? rules.wallMs + rules.deleteRetentionMs : batch.deleteHorizonMs, rules);
}

/**
 * A marker stays as long as there are records of its transaction, and delete.retention.ms more: a reader that is on its
 * way through the log may have seen them (KIP-534).
 */
function compactControlBatch(batch: BatchView, rules: CompactionRules): Uint8Array | undefined {
  const whole = batch.bytes.subarray(batch.at, batch.end);
  if (!rules.transactions.isNeedless(batch)) return whole;
  if (batch.count === 0) return rules.isProducersLast(batch) ? whole : undefined;
  const horizonMs = rules.wallMs + rules.deleteRetentionMs;
  if (!batch.hasDeleteHorizon) return rewritten(batch, [...readRecords(batch, rules.platform)], horizonMs, rules);
  if (rules.wallMs < batch.deleteHorizonMs) return whole;
  return rules.isProducersLast(batch) ? rewritten(batch, [], -1, rules) : undefined;
}

function rewritten(
  batch: BatchView,
  kept: readonly BatchRecord[],
  deleteHorizonMs: number,
  rules: CompactionRules,
): Uint8Array {
  const appendTime = batch.timestampType === "LogAppendTime" || kept.length === 0;
  return encodeBatch(
    {
      records: kept,
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      leaderEpoch: batch.partitionLeaderEpoch,
      compression: kept.length === 0 ? "none" : batch.compression,
      timestampType: batch.timestampType,
      ...(appendTime ? { maxTimestamp: batch.maxTimestamp } : {}),
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      transactional: batch.transactional,
      control: batch.control,
      ...(deleteHorizonMs < 0 ? {} : { deleteHorizonMs }),
    },
    rules.platform,
  );
}
