/** What is looked at in the shards of `__consumer_offsets`, besides their steps. */
import { DurableState } from "../group/durable-state.ts";
import type { CommittedOffset, GroupRecord } from "../group/record.ts";
import { groupRecordCodec } from "../group/record-codec.ts";
import { replay, replayEndTransaction } from "../group/replay.ts";
import type { Cluster } from "./cluster.ts";
import { firstDifference } from "./difference.ts";
import { Leads } from "./leads.ts";
import { offsetsTopic } from "./topics.ts";
import type { WatchedCoordinator } from "./watched-coordinator.ts";
import type { LogEntry } from "./watched-partition.ts";

export type GroupLeads = Leads<GroupRecord, DurableState, WatchedCoordinator>;

export function groupLeads(cluster: Cluster): GroupLeads {
  const { world, plan, ledger } = cluster;
  const retentionMs = plan.offsetsRetentionMinutes * 60_000;
  return new Leads(world, (shard) => cluster.storage.leaderOf(shard), {
    topic: offsetsTopic,
    codec: groupRecordCodec,
    newState: () => new DurableState(),
    keepsDurable: false,
    replay: (state, entry: LogEntry<GroupRecord>) => {
      if ("record" in entry) replay(state, entry.record, entry.producerId);
      else replayEndTransaction(state, entry.producerId, entry.type);
    },
    stateOf: ({ shard }) => shard.durable,
    difference: (replayed, has, record) =>
      record === undefined ? wholly(replayed, has) : ofOne(replayed, has, record),
    appending: (entry, state, node) => {
      if ("record" in entry) ledger.appended(entry.record, node.process.now().wallMs, retentionMs, state);
    },
    describe: describeEntry,
    loaded: ({ shard, partition }) => ledger.loaded(shard.durable, (groupId) => cluster.shardOf(groupId) === partition),
  });
}

function wholly(replayed: DurableState, has: DurableState): string | undefined {
  return (
    firstDifference(replayed.groups, has.groups) ??
    firstDifference(replayed.offsets, has.offsets) ??
    firstDifference(replayed.pending.groups, has.pending.groups)
  );
}

function ofOne(replayed: DurableState, has: DurableState, record: GroupRecord): string | undefined {
  const of = (state: DurableState) =>
    record.type === "OffsetCommit"
      ? state.committed(record.group, record.topic, record.partition)
      : state.groups.get(record.group);
  const [one, other] = [of(replayed), of(has)];
  if (record.type === "OffsetCommit" && isSameOffset(one as CommittedOffset, other as CommittedOffset))
    return undefined;
  const difference = firstDifference(one, other);
  return difference && `${record.group}: ${difference}`;
}

/** What is compared most often, without a detour. */
function isSameOffset(a: CommittedOffset | undefined, b: CommittedOffset | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const isSame = a.offset === b.offset && a.metadata === b.metadata && a.leaderEpoch === b.leaderEpoch;
  const isAsOld = a.commitTimestampMs === b.commitTimestampMs && a.expireTimestampMs === b.expireTimestampMs;
  return isSame && isAsOld && a.topicId === b.topicId;
}

function describeEntry(entry: LogEntry<GroupRecord>): string {
  if (!("record" in entry)) return `${entry.type} of producer ${entry.producerId}`;
  return describe(entry.record) + (entry.producerId === undefined ? "" : `, of producer ${entry.producerId}`);
}

function describe(record: GroupRecord): string {
  const { group } = record;
  if (record.type === "OffsetCommit") {
    const what = record.value === null ? "tombstone" : `${record.value.offset} (${record.value.metadata})`;
    return `OffsetCommit(${group}, ${record.topic}-${record.partition}: ${what})`;
  }
  if (record.value === null) return `GroupMetadata(${group}: tombstone)`;
  const { generation, members } = record.value;
  return `GroupMetadata(${group}, generation ${generation}, ${members.map(({ memberId }) => memberId).join(" ")})`;
}
