/** How many records a group has still to read. */

/** The offsets that a partition has: the first, and the one after the last. */
export interface LogRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Records that exist, so offsets below the log start do not count, and never less than none. Where nothing is
 * committed, nothing is known to be read: all of them. (Offsets, strictly: compaction and aborted transactions leave
 * gaps.)
 * @returns null where the log's range is not known.
 */
export function lagOf(committed: number | null, log: LogRange | undefined): number | null {
  if (log === undefined) return null;
  return Math.max(0, log.end - Math.max(committed ?? log.start, log.start));
}

/** Null if one of them is not known. */
export function sumOf(lags: Iterable<number | null>): number | null {
  let sum = 0;
  for (const lag of lags) {
    if (lag === null) return null;
    sum += lag;
  }
  return sum;
}
