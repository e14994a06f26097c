import type { RecordCodec } from "../coordinator/machine.ts";
import { decodeMessageAt, decodeVersioned, encodePrefixed, prefixOf } from "../protocol/codec.ts";
import { GroupMetadata as GroupMetadataSchema } from "../protocol/coordinator-records/group-metadata.ts";
import { LegacyOffsetCommit } from "../protocol/coordinator-records/legacy-offset-commit.ts";
import { OffsetCommit } from "../protocol/coordinator-records/offset-commit.ts";
import { zeroUuid } from "../protocol/schema.ts";
import type { CommittedOffset, GroupMetadata, GroupMetadataRecord, GroupRecord, OffsetCommitRecord } from "./record.ts";

/** Value versions that Kafka 4.3.1 writes; only OffsetCommit 1 holds a time of expiry. */
const offsetCommitVersion = 4;
const offsetCommitVersionWithExpiry = 1;
const groupMetadataVersion = 3;

/** `__consumer_offsets` as Kafka writes it, read in all versions. Groups of other protocols are skipped (rule 42). */
export const groupRecordCodec: RecordCodec<GroupRecord> = {
  encode(record) {
    return record.type === "OffsetCommit" ? encodeOffsetCommit(record) : encodeGroupMetadata(record);
  },

  decode(key, value) {
    switch (prefixOf(key)) {
      case LegacyOffsetCommit.type:
        return {
          type: "OffsetCommit",
          ...decodeMessageAt(LegacyOffsetCommit.key, 0, key, 2).value,
          value: legacyOffset(value),
        };
      case OffsetCommit.type:
        return { type: "OffsetCommit", ...decodeMessageAt(OffsetCommit.key, 0, key, 2).value, value: offset(value) };
      case GroupMetadataSchema.type:
        return {
          type: "GroupMetadata",
          ...decodeMessageAt(GroupMetadataSchema.key, 0, key, 2).value,
          value: group(value),
        };
      default:
        return undefined;
    }
  },
};

function encodeOffsetCommit({ group, topic, partition, value }: OffsetCommitRecord) {
  const key = encodePrefixed(OffsetCommit.key, 0, { group, topic, partition }, OffsetCommit.type);
  if (value === null) return { key, value };
  const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId } = value;
  const version = expireTimestampMs === -1 ? offsetCommitVersion : offsetCommitVersionWithExpiry;
  return {
    key,
    value: encodePrefixed(OffsetCommit.value, version, {
      offset,
      leaderEpoch,
      metadata,
      commitTimestamp: commitTimestampMs,
      expireTimestamp: expireTimestampMs,
      topicId,
    }),
  };
}

function encodeGroupMetadata({ group, value }: GroupMetadataRecord) {
  const key = encodePrefixed(GroupMetadataSchema.key, 0, { group }, GroupMetadataSchema.type);
  if (value === null) return { key, value };
  const { protocolType, generation, protocol, leader, currentStateTimestampMs, members } = value;
  return {
    key,
    value: encodePrefixed(GroupMetadataSchema.value, groupMetadataVersion, {
      protocolType,
      generation,
      protocol,
      leader,
      currentStateTimestamp: currentStateTimestampMs,
      members: members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: member.subscription,
        assignment: member.assignment,
      })),
    }),
  };
}

function offset(bytes: Uint8Array | null): CommittedOffset | null {
  if (bytes === null) return null;
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = decodeVersioned(
    OffsetCommit.value,
    bytes,
  ).value;
  return {
    offset,
    leaderEpoch,
    metadata,
    commitTimestampMs: commitTimestamp,
    expireTimestampMs: expireTimestamp,
    topicId,
  };
}

function legacyOffset(bytes: Uint8Array | null): CommittedOffset | null {
  if (bytes === null) return null;
  const { offset, metadata, commitTimestamp } = decodeVersioned(LegacyOffsetCommit.value, bytes).value;
  return {
    offset,
    leaderEpoch: -1,
    metadata,
    commitTimestampMs: commitTimestamp,
    expireTimestampMs: -1,
    topicId: zeroUuid,
  };
}

/** The bytes of members are copied: what is decoded is a view of the log's. */
function group(bytes: Uint8Array | null): GroupMetadata | null {
  if (bytes === null) return null;
  const { protocolType, generation, protocol, leader, currentStateTimestamp, members } = decodeVersioned(
    GroupMetadataSchema.value,
    bytes,
  ).value;
  return {
    protocolType,
    generation,
    protocol,
    leader,
    currentStateTimestampMs: currentStateTimestamp,
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // Before v1 the session timeout was the rebalance timeout too.
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: member.subscription.slice(),
      assignment: member.assignment.slice(),
    })),
  };
}
