import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { CommittedOffset } from "../record.ts";
import type { OffsetFetchedGroup, OffsetFetchGroup, OffsetFetchTopic } from "../requests.ts";
import type { Shard } from "../shard.ts";

type FetchedPartition = OffsetFetchedGroup["topics"][number]["partitions"][number];

/**
 * What a group has committed; -1 where it has not, also when there is no such group. Who requires what is stable is
 * told UNSTABLE_OFFSET_COMMIT where an open transaction may commit another offset (rule 38).
 */
export function fetchOffsets(
  { durable }: Shard,
  { groupId, topics, requireStable }: OffsetFetchGroup,
): OffsetFetchedGroup {
  const known = durable.groups.has(groupId) ? durable.offsets.get(groupId) : undefined;
  const fetched = (topic: string, partition: number, committed: CommittedOffset | undefined) =>
    requireStable && durable.pending.has(groupId, topic, partition)
      ? told(partition, undefined, ErrorCode.UNSTABLE_OFFSET_COMMIT)
      : told(partition, committed, ErrorCode.NONE);
  return {
    groupId,
    errorCode: ErrorCode.NONE,
    topics:
      topics === null
        ? Array.from(known ?? [], ([name, partitions]) => ({
            name,
            partitions: Array.from(partitions, ([partition, committed]) => fetched(name, partition, committed)),
          }))
        : topics.map((topic) => ({
            name: topic.name,
            partitions: topic.partitionIndexes.map((partition) =>
              fetched(topic.name, partition, ofSameTopic(known?.get(topic.name)?.get(partition), topic)),
            ),
          })),
  };
}

function told(partitionIndex: number, committed: CommittedOffset | undefined, errorCode: ErrorCode): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? "",
    errorCode,
  };
}

/** An offset of a topic that was deleted and made again under the same name is not one of the new topic. */
function ofSameTopic(committed: CommittedOffset | undefined, topic: OffsetFetchTopic): CommittedOffset | undefined {
  const asked = topic.topicId ?? zeroUuid;
  const isOther = committed !== undefined && committed.topicId !== zeroUuid && asked !== zeroUuid;
  return isOther && committed.topicId !== asked ? undefined : committed;
}
