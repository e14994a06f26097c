/**
 * What happened to groups, told when it is durable. The only source of the log line, of `watch`, of the testing
 * library's history and of the dashboard.
 */
export type GroupFact =
  | GroupRebalanceStarted
  | GroupRebalanceCompleted
  | GroupStaticMemberReplaced
  | GroupDeleted
  | GroupOffsetsExpired;

/** The group turned to PreparingRebalance. A round that had not ended is abandoned by it. */
export interface GroupRebalanceStarted {
  readonly type: "GroupRebalanceStarted";
  readonly group: string;
  readonly reason: string;
  readonly fromGeneration: number;
  /** Members that the group had when it began. */
  readonly members: number;
}

/** The group is Stable in a new generation, or Empty when `members` is 0. */
export interface GroupRebalanceCompleted {
  readonly type: "GroupRebalanceCompleted";
  readonly group: string;
  /** Why it began. */
  readonly reason: string;
  /** The last generation in which the group was Stable or Empty. */
  readonly fromGeneration: number;
  readonly toGeneration: number;
  readonly protocolType: string;
  /** The assignor that the members chose; null for an Empty group. */
  readonly assignor: string | null;
  readonly leader: string | null;
  readonly members: number;
  /** Member ids that are in now and were not in `fromGeneration`, and the other way round. */
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Partitions that have another owner than before; undefined where the assignment is not the consumer protocol's. */
  readonly movedPartitions: number | undefined;
  readonly durationMs: number;
}

/** A static member came back under a new member id and nothing moved (rule 31). */
export interface GroupStaticMemberReplaced {
  readonly type: "GroupStaticMemberReplaced";
  readonly group: string;
  readonly groupInstanceId: string;
  readonly oldMemberId: string;
  readonly newMemberId: string;
  readonly generation: number;
}

export interface GroupDeleted {
  readonly type: "GroupDeleted";
  readonly group: string;
  readonly reason: string;
}

export interface GroupOffsetsExpired {
  readonly type: "GroupOffsetsExpired";
  readonly group: string;
  readonly offsets: number;
}
