import type { OffsetCommit, OffsetCommitRequest } from "../../protocol/apis/offset-commit.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { Answer, Handler } from "../context.ts";
import { askGroup } from "../groups.ts";
import { joinTopics, splitTopics } from "../known-topics.ts";

type AnsweredTopic = NonNullable<Answer<typeof OffsetCommit>>["topics"][number];

/** What is not there is refused before the group is looked at, and the group not asked if nothing is left (rule 36). */
export const offsetCommit: Handler<typeof OffsetCommit> = async (request, context) => {
  const byId = context.version >= 10;
  const { known, unknown } = splitTopics(request.topics, byId, context.broker.metadata);
  if (known.length === 0) return { topics: unknown };
  // Kafka keeps the topic's id with the offset whatever the version, so that a topic made anew does not inherit it.
  const { metadata } = context.broker;
  const topics = known.map(({ name, partitions }) => {
    return { name, topicId: metadata.topic(name)?.topicId ?? zeroUuid, partitions };
  });
  const outcome = await askGroup("OffsetCommit", request.groupId, { ...request, topics }, context);
  const answered = outcome.ok ? outcome.reply.topics : refuse(known, outcome.errorCode);
  return { topics: joinTopics(unknown, byId ? withIds(answered, known) : answered, byId) };
};

function refuse(topics: OffsetCommitRequest["topics"], errorCode: ErrorCode): AnsweredTopic[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }));
}

/** The coordinator thinks in names. */
function withIds(answered: readonly AnsweredTopic[], known: OffsetCommitRequest["topics"]): AnsweredTopic[] {
  const ids = new Map(known.map((topic) => [topic.name, topic.topicId]));
  return answered.map((topic) => ({ ...topic, topicId: ids.get(topic.name ?? "") }));
}
