import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { CommittedOffset } from "../record.ts";
import type { OffsetFetchedGroup, OffsetFetchGroup, OffsetFetchTopic } from "../requests.ts";
import type { Shard } from "../shard.ts";

type FetchedPartition = OffsetFetchedGroup["topics"][number]["partitions"][number];

/** What a group has committed; -1 where it has not, also when there is no such group (rule 38). */
export function fetchOffsets(shard: Shard, { groupId, topics }: OffsetFetchGroup): OffsetFetchedGroup {
  const known = shard.durable.groups.has(groupId) ? shard.durable.offsets.get(groupId) : undefined;
  return {
    groupId,
    errorCode: ErrorCode.NONE,
    topics:
      topics === null
        ? Array.from(known ?? [], ([name, partitions]) => ({
            name,
            partitions: Array.from(partitions, ([partition, committed]) => fetched(partition, committed)),
          }))
        : topics.map((topic) => ({
            name: topic.name,
            partitions: topic.partitionIndexes.map((partition) =>
              fetched(partition, ofSameTopic(known?.get(topic.name)?.get(partition), topic)),
            ),
          })),
  };
}

function fetched(partitionIndex: number, committed: CommittedOffset | undefined): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? "",
    errorCode: ErrorCode.NONE,
  };
}

/** An offset of a topic that was deleted and made again under the same name is not one of the new topic. */
function ofSameTopic(committed: CommittedOffset | undefined, topic: OffsetFetchTopic): CommittedOffset | undefined {
  const asked = topic.topicId ?? zeroUuid;
  const isOther = committed !== undefined && committed.topicId !== zeroUuid && asked !== zeroUuid;
  return isOther && committed.topicId !== asked ? undefined : committed;
}
