/** Which partitions stand still though records wait. */
import { type Look, lagOf, type PartitionName } from "./look.ts";

/** Since which look, in milliseconds since 1970, nothing was committed though records waited. */
export type Stalls = ReadonlyMap<PartitionName, number>;

export function stallsAfter(stalls: Stalls, before: Look, look: Look): Stalls {
  const old = new Map(before.partitions.map(({ name, committed }) => [name, committed]));
  const still = new Map<PartitionName, number>();
  for (const partition of look.partitions) {
    const { name, committed } = partition;
    const waits = (lagOf(partition) ?? 0) > 0;
    if (waits && old.has(name) && old.get(name) === committed) still.set(name, stalls.get(name) ?? before.atMs);
  }
  return still;
}
