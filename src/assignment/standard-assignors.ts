import { CooperativeStickyAssignor } from "./cooperative-sticky-assignor.ts";
import type { PartitionAssignor } from "./partition-assignor.ts";
import { RangeAssignor } from "./range-assignor.ts";
import { RoundRobinAssignor } from "./round-robin-assignor.ts";
import { StickyAssignor } from "./sticky-assignor.ts";

/** Those that every client of Kafka has, by their names on the wire. Each member makes its own: they remember. */
export const standardAssignors = {
  range: (): PartitionAssignor => new RangeAssignor(),
  roundrobin: (): PartitionAssignor => new RoundRobinAssignor(),
  sticky: (): PartitionAssignor => new StickyAssignor(),
  "cooperative-sticky": (): PartitionAssignor => new CooperativeStickyAssignor(),
} as const;

export type StandardAssignorName = keyof typeof standardAssignors;
