/** What a reader is shown of the bytes that a fetch gave of a partition: with read_committed, nothing aborted. */
import { plainPlatform } from "../protocol/plain-platform.ts";
import { batches, readMarker, readRecords } from "../protocol/records/batch.ts";

export interface ReadRecord {
  readonly offset: number;
  readonly text: string;
}

interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** @param aborted null with read_uncommitted. @returns the records, and where to go on. */
export function shownRecords(bytes: Uint8Array, fromOffset: number, aborted: readonly AbortedTransaction[] | null) {
  const records: ReadRecord[] = [];
  let next = fromOffset;
  const waiting = (aborted ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset);
  const abortedNow = new Set<number>();
  for (const batch of batches(bytes)) {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= batch.lastOffset)
      abortedNow.add(waiting.shift()!.producerId);
    if (batch.control && readMarker(batch)?.type === "ABORT") abortedNow.delete(batch.producerId);
    const isLeftOut = batch.control || (batch.transactional && abortedNow.has(batch.producerId));
    for (const { offset, value } of isLeftOut ? [] : readRecords(batch, plainPlatform)) {
      if (offset < fromOffset || value === null) continue;
      records.push({ offset, text: plainPlatform.utf8Decode(value, 0, value.length) });
    }
    next = Math.max(next, batch.lastOffset + 1);
  }
  return { records, next };
}
