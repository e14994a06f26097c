import { CooperativeStickyAssignor } from "./cooperative-sticky-assignor.ts";
import type { PartitionAssignor } from "./partition-assignor.ts";
import { RangeAssignor } from "./range-assignor.ts";
import { RoundRobinAssignor } from "./round-robin-assignor.ts";
import { StickyAssignor } from "./sticky-assignor.ts";

/** Those that every client of Kafka has, by their names on the wire. Each member makes its own: they remember. */
export const standardAssignors = {
  /** Topic by topic, runs of neighbouring partitions in the order of member ids. */
  range: (): PartitionAssignor => new RangeAssignor(),
  /** All partitions of all topics in turn. */
  roundrobin: (): PartitionAssignor => new RoundRobinAssignor(),
  /** As even as can be, and as close to the last assignment; eager (KIP-54). */
  sticky: (): PartitionAssignor => new StickyAssignor(),
  /** As sticky; partitions that stay are never given up (KIP-429). */
  "cooperative-sticky": (): PartitionAssignor => new CooperativeStickyAssignor(),
} as const;

export type StandardAssignorName = keyof typeof standardAssignors;
