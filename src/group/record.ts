/** The records of `__consumer_offsets` that classic groups and offsets are made of. No value: a tombstone. */
export type GroupRecord = OffsetCommitRecord | GroupMetadataRecord;

export interface OffsetCommitRecord {
  readonly type: "OffsetCommit";
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly value: CommittedOffset | null;
}

export interface GroupMetadataRecord {
  readonly type: "GroupMetadata";
  readonly group: string;
  readonly value: GroupMetadata | null;
}

export interface CommittedOffset {
  readonly offset: number;
  /** -1: not told. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** -1: by the broker's retention; else the commit asked for its own (OffsetCommit v2–v4). */
  readonly expireTimestampMs: number;
  /** `zeroUuid`: not told. */
  readonly topicId: string;
}

/** A group as of its last completed round; without members it is Empty. */
export interface GroupMetadata {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** -1: not told (values before v2). */
  readonly currentStateTimestampMs: number;
  readonly members: readonly MemberMetadata[];
}

export interface MemberMetadata {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

/** A group that nobody has joined yet, as its first JoinGroup writes it. */
export function newGroup(group: string, currentStateTimestampMs: number): GroupMetadataRecord {
  return { type: "GroupMetadata", group, value: { ...simpleGroup, currentStateTimestampMs } };
}

export function groupTombstone(group: string): GroupMetadataRecord {
  return { type: "GroupMetadata", group, value: null };
}

export function offsetTombstone(group: string, topic: string, partition: number): OffsetCommitRecord {
  return { type: "OffsetCommit", group, topic, partition, value: null };
}

/** What a group is of which only offsets are known (rule 34). */
export const simpleGroup: GroupMetadata = Object.freeze({
  protocolType: "",
  generation: 0,
  protocol: null,
  leader: null,
  currentStateTimestampMs: -1,
  members: [],
});
