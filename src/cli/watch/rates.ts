/** Records a second, between two looks. */
import { type Look, lagOf, type PartitionName } from "./look.ts";

export interface PartitionRate {
  /** Undefined: not known. */
  readonly lag: number | undefined;
  /** Committed, and appended, per second; undefined in the first look. */
  readonly consumedPerS: number | undefined;
  readonly producedPerS: number | undefined;
}

/** @param before undefined: there was none; a rate needs two */
export function ratesOf(before: Look | undefined, look: Look): Map<PartitionName, PartitionRate> {
  const old = new Map(before?.partitions.map((partition) => [partition.name, partition]));
  const seconds = before === undefined ? 0 : (look.atMs - before.atMs) / 1000;
  const perSecond = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined || seconds <= 0 ? undefined : Math.max(0, to - from) / seconds;
  return new Map(
    look.partitions.map((partition) => {
      const { name, committed, logEnd } = partition;
      const consumedPerS = perSecond(old.get(name)?.committed, committed);
      const producedPerS = perSecond(old.get(name)?.logEnd, logEnd);
      return [name, { lag: lagOf(partition), consumedPerS, producedPerS }];
    }),
  );
}

/** The sum of what is known; undefined where nothing is. */
export function sumOf(values: Iterable<number | undefined>): number | undefined {
  const known = [...values].filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}
