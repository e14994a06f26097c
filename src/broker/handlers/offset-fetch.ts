import type { OffsetFetchedGroup, OffsetFetchedTopic } from "../../group/requests.ts";
import type { OffsetFetch, OffsetFetchRequest } from "../../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Answer, Handler, RequestContext } from "../context.ts";
import { askGroup } from "../groups.ts";

type OffsetFetchAnswer = NonNullable<Answer<typeof OffsetFetch>>;
type Group = OffsetFetchRequest["groups"][number];
type Topic = NonNullable<Group["topics"]>[number];
type FetchedTopic = OffsetFetchedTopic & { readonly topicId?: string };
type FetchedGroup = Omit<OffsetFetchedGroup, "topics"> & { readonly topics: readonly FetchedTopic[] };

export const offsetFetch: Handler<typeof OffsetFetch> = async (request, context) => {
  const { version } = context;
  if (version >= 8) {
    const fetchGroup = (group: Group) => fetchOffsets(group, request.requireStable, context);
    return { groups: await Promise.all(request.groups.map(fetchGroup)) };
  }
  const group = { groupId: request.groupId, memberId: null, memberEpoch: -1, topics: request.topics };
  const fetched = await fetchOffsets(group as Group, request.requireStable, context);
  return version < 2 ? errorsInPartitions(fetched, request.topics ?? []) : { ...fetched };
};

/** One group's offsets; partitions of topic ids that no topic has (v10+) are refused beside the others. */
async function fetchOffsets(group: Group, requireStable: boolean, context: RequestContext): Promise<FetchedGroup> {
  const { groupId, memberId, memberEpoch } = group;
  const isById = context.version >= 10;
  const named = isById ? group.topics?.map((topic) => nameTopic(topic, context)) : group.topics;
  const topics = named?.filter((topic) => topic.name !== "" || !isById) ?? null;
  const body = { groupId, memberId, memberEpoch, topics, requireStable };
  const outcome = await askGroup("OffsetFetch", groupId, body, context);
  if (!outcome.ok) return { groupId, errorCode: outcome.errorCode, topics: [] };
  if (!isById || outcome.reply.errorCode !== ErrorCode.NONE) return outcome.reply;
  const unknown = named?.filter((topic) => topic.name === "") ?? [];
  return { ...outcome.reply, topics: [...withIds(outcome.reply.topics, context), ...unknown.map(refuseId)] };
}

function nameTopic(topic: Topic, { broker }: RequestContext): Topic {
  return { ...topic, name: broker.metadata.topicById(topic.topicId)?.name ?? "" };
}

/** The coordinator thinks in names; a topic that is gone has no id any more and is left out. */
function withIds(topics: readonly FetchedTopic[], { broker }: RequestContext): FetchedTopic[] {
  return topics.flatMap((topic) => {
    const image = broker.metadata.topic(topic.name);
    return image === undefined ? [] : [{ ...topic, topicId: image.topicId }];
  });
}

function refuseId({ topicId, partitionIndexes }: Topic): FetchedTopic {
  const partitions = partitionIndexes.map((index) => nothing(index, ErrorCode.UNKNOWN_TOPIC_ID));
  return { name: "", topicId, partitions };
}

/** Before v2 an answer has no place for an error of the group: each partition tells it. */
function errorsInPartitions(fetched: FetchedGroup, asked: OffsetFetchRequest["topics"] & {}): OffsetFetchAnswer {
  const { errorCode } = fetched;
  if (errorCode === ErrorCode.NONE) return { topics: fetched.topics };
  const topics = asked.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((index) => nothing(index, errorCode)),
  }));
  return { topics };
}

function nothing(partitionIndex: number, errorCode: ErrorCode) {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode };
}
