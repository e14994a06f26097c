import type { CreatedTopic } from "../../metadata/requests.ts";
import { metadataTopic } from "../../metadata/topic-names.ts";
import type { CreateTopics, CreateTopicsRequest, CreateTopicsResponse } from "../../protocol/apis/create-topics.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { topicConfigEntries } from "../config-entries.ts";
import type { BrokerServices, Handler } from "../context.ts";

type TopicAnswer = CreateTopicsResponse["topics"][number];

export const createTopics: Handler<typeof CreateTopics> = async (request, { broker }) => {
  const { refused, asked } = withoutDuplicates(request);
  const { validateOnly } = request;
  const outcome = await broker.metadataShard.submit("CreateTopics", { topics: asked, validateOnly });
  if (!outcome.ok) {
    const failed = asked.map(({ name }) => ({ name, errorCode: outcome.errorCode, errorMessage: null }));
    return { topics: [...failed, ...refused] };
  }
  await broker.metadataShard.settled();
  const configs = new Map(asked.map((topic) => [topic.name, topic.configs]));
  return { topics: [...outcome.reply.map((made) => answer(made, configs.get(made.name) ?? [], broker)), ...refused] };
};

function withoutDuplicates({ topics }: CreateTopicsRequest): {
  asked: CreateTopicsRequest["topics"];
  refused: TopicAnswer[];
} {
  const count = new Map<string, number>();
  for (const { name } of topics) count.set(name, (count.get(name) ?? 0) + 1);
  const refused: TopicAnswer[] = [];
  for (const [name, times] of count) {
    if (times > 1) refused.push(failed(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name."));
    else if (name === metadataTopic) {
      const message = `Creation of internal topic ${metadataTopic} is prohibited.`;
      refused.push(failed(name, ErrorCode.INVALID_REQUEST, message));
    }
  }
  return { asked: topics.filter(({ name }) => count.get(name) === 1 && name !== metadataTopic), refused };
}

function failed(name: string, errorCode: ErrorCode, errorMessage: string | null): TopicAnswer {
  return { name, topicId: zeroUuid, errorCode, errorMessage, configs: [] };
}

function answer(
  { name, topicId, errorCode, errorMessage, numPartitions }: CreatedTopic,
  given: readonly { readonly name: string; readonly value: string | null }[],
  { config }: BrokerServices,
): TopicAnswer {
  if (errorCode !== ErrorCode.NONE) return failed(name, errorCode, errorMessage);
  const own = new Map(given.map((each) => [each.name, each.value ?? ""]));
  const configs = topicConfigEntries(own, config).map(({ name, value, source }) => ({
    name,
    value,
    readOnly: false,
    configSource: source,
    isSensitive: false,
  }));
  return { name, topicId, errorCode, errorMessage, numPartitions, replicationFactor: 1, configs };
}
