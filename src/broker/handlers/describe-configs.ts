import { refuseTopicName } from "../../metadata/topic-names.ts";
import type { DescribeConfigs, DescribeConfigsRequest } from "../../protocol/apis/describe-configs.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { brokerConfigEntries, type ConfigEntry, dynamicConfigEntries, topicConfigEntries } from "../config-entries.ts";
import { refuseBroker, resourceTypeName } from "../config-resources.ts";
import type { BrokerServices, Handler } from "../context.ts";

type Resource = DescribeConfigsRequest["resources"][number];

interface Described {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  readonly entries: readonly ConfigEntry[];
}

export const describeConfigs: Handler<typeof DescribeConfigs> = (request, { broker }) => ({
  results: request.resources.map((resource) => {
    const { errorCode, errorMessage, entries } = describe(resource, broker);
    const { resourceType, resourceName, configurationKeys: keys } = resource;
    const asked = keys === null || keys.length === 0 ? entries : entries.filter(({ name }) => keys.includes(name));
    return {
      errorCode,
      errorMessage,
      resourceType,
      resourceName,
      configs: asked.map(({ type, source, synonyms, documentation, ...entry }) => ({
        ...entry,
        configSource: source,
        isSensitive: false,
        synonyms: request.includeSynonyms ? synonyms : [],
        configType: type,
        documentation: request.includeDocumentation ? documentation : null,
      })),
    };
  }),
});

function describe({ resourceType, resourceName }: Resource, broker: BrokerServices): Described {
  switch (resourceTypeName(resourceType)) {
    case "TOPIC":
      return describeTopic(resourceName, broker);
    case "BROKER":
      return describeBroker(resourceName, broker);
    default:
      return refuse(ErrorCode.INVALID_REQUEST, `Configs of resource type ${resourceType} are not kept here.`);
  }
}

function describeTopic(name: string, { metadata, config }: BrokerServices): Described {
  const problem = refuseTopicName(name);
  if (problem !== undefined) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
  if (metadata.topic(name) === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "");
  return found(topicConfigEntries(metadata.ownConfigs("TOPIC", name), config));
}

function describeBroker(name: string, { metadata, config, nodeId }: BrokerServices): Described {
  if (name === "")
    return found(dynamicConfigEntries(metadata.ownConfigs("BROKER", ""), "DYNAMIC_DEFAULT_BROKER_CONFIG"));
  const problem = refuseBroker(name, nodeId, "Broker", `${nodeId} or empty string`);
  return problem === undefined ? found(brokerConfigEntries(config)) : refuse(ErrorCode.INVALID_REQUEST, problem);
}

function found(entries: readonly ConfigEntry[]): Described {
  return { errorCode: ErrorCode.NONE, errorMessage: "", entries };
}

function refuse(errorCode: ErrorCode, errorMessage: string): Described {
  return { errorCode, errorMessage, entries: [] };
}
