import { unknownTopic } from "../../metadata/create-topics.ts";
import type { DeleteTopics, DeleteTopicsRequest, DeleteTopicsResponse } from "../../protocol/apis/delete-topics.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { BrokerServices, Handler } from "../context.ts";

type TopicAnswer = DeleteTopicsResponse["responses"][number];

/** Topics by name, from version 6 on also by id; answered when they are gone for good. */
export const deleteTopics: Handler<typeof DeleteTopics> = async (request, { broker, version }) => {
  const asked = version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroUuid }));
  if (!broker.config.get("delete.topic.enable")) return { responses: asked.map((topic) => disabled(topic, version)) };
  const { refused, found } = resolve(asked, broker);
  const outcome = await broker.metadataShard.submit("DeleteTopics", { topicIds: [...found.keys()] });
  await broker.metadataShard.settled();
  const deleted = outcome.ok
    ? outcome.reply
    : [...found.keys()].map((topicId) => ({ topicId, errorCode: outcome.errorCode, errorMessage: null }));
  return { responses: [...refused, ...deleted.map((result) => ({ name: found.get(result.topicId)!, ...result }))] };
};

/** The topics to delete by id with their names, and what cannot be meant. */
function resolve(
  asked: DeleteTopicsRequest["topics"],
  { metadata }: BrokerServices,
): { refused: TopicAnswer[]; found: Map<string, string> } {
  const refused: TopicAnswer[] = [];
  const found = new Map<string, string>();
  const invalid = (name: string | null, topicId: string, errorMessage: string) =>
    refused.push({ name, topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage });
  const names = new Map<string, number>();
  const ids = new Map<string, number>();
  for (const { name, topicId } of asked) {
    if (name === null && topicId === zeroUuid) invalid(name, topicId, "Neither topic name nor id were specified.");
    else if (name === null) ids.set(topicId, (ids.get(topicId) ?? 0) + 1);
    else if (topicId === zeroUuid) names.set(name, (names.get(name) ?? 0) + 1);
    else invalid(name, topicId, "You may not specify both topic name and topic id.");
  }
  for (const [topicId, times] of ids) {
    const topic = metadata.topicById(topicId);
    if (times > 1) invalid(null, topicId, "Duplicate topic id.");
    else if (topic !== undefined) found.set(topicId, topic.name);
    else refused.push({ name: null, topicId, errorCode: ErrorCode.UNKNOWN_TOPIC_ID, errorMessage: unknownId });
  }
  for (const [name, times] of names) {
    const topicId = metadata.topic(name)?.topicId;
    if (times > 1) invalid(name, zeroUuid, "Duplicate topic name.");
    else if (topicId === undefined) {
      refused.push({
        name,
        topicId: zeroUuid,
        errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: unknownTopic,
      });
    } else if (found.delete(topicId)) {
      invalid(name, topicId, "The provided topic name maps to an ID that was already supplied.");
    } else found.set(topicId, name);
  }
  return { refused, found };
}

const unknownId = "This server does not host this topic ID.";

function disabled({ name, topicId }: { name: string | null; topicId: string }, version: number): TopicAnswer {
  if (version < 3)
    return { name, topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: "Topic deletion is disabled." };
  return { name, topicId, errorCode: ErrorCode.TOPIC_DELETION_DISABLED, errorMessage: "Topic deletion is disabled." };
}
