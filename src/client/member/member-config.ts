import type { PartitionAssignor } from "../../assignment/partition-assignor.ts";

/** What of a consumer's configuration its membership reads; Kafka's names, in camelCase. */
export interface MemberConfig {
  readonly groupId: string;
  /** A static member (KIP-345); null: a dynamic one. */
  readonly groupInstanceId: string | null;
  /** client.rack; null: none. */
  readonly rackId: string | null;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Also the rebalance timeout. */
  readonly maxPollIntervalMs: number;
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  /** In the order of preference. They are this member's own: sticky ones remember. */
  readonly assignors: readonly PartitionAssignor[];
}

/** The defaults of Java's consumer 4.3.1, but for its assignors. */
export const memberConfigDefaults = {
  groupInstanceId: null,
  rackId: null,
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 3000,
  maxPollIntervalMs: 300_000,
  requestTimeoutMs: 30_000,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1000,
} as const;
