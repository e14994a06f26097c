import type { OffsetCommit } from "../../protocol/apis/offset-commit.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Answer, Handler } from "../context.ts";
import { answerFrom, askGroup } from "../groups.ts";
import { joinTopics, type KnownTopic, splitTopics } from "../known-topics.ts";

type AnsweredTopics = NonNullable<Answer<typeof OffsetCommit>>["topics"];

/**
 * What is not there is refused before the group is looked at, and the group not asked if nothing is left (rule 36).
 * Kafka keeps the topic's id with the offset whatever the version, so that a topic made anew does not inherit it.
 */
export const offsetCommit: Handler<typeof OffsetCommit> = (request, context) => {
  const byId = context.version >= 10;
  const { known, unknown } = splitTopics(request.topics, byId, context.broker.metadata);
  if (known.length === 0) return { topics: unknown };
  return answerFrom(askGroup("OffsetCommit", request.groupId, { ...request, topics: known }, context), (outcome) => {
    const answered = outcome.ok ? outcome.reply.topics : refuse(known, outcome.errorCode);
    return { topics: joinTopics(unknown, answered, byId) };
  });
};

function refuse(
  topics: readonly KnownTopic<{ readonly partitionIndex: number }>[],
  errorCode: ErrorCode,
): AnsweredTopics {
  return topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }));
}
