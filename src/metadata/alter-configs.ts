/** AlterConfigs and IncrementalAlterConfigs on topics and brokers: all changes of a resource are taken, or none. */
import { ErrorCode } from "../protocol/errors.ts";
import { type ConfigKey, splitList } from "./config-def.ts";
import { apiError, type BrokerDefaults, none, Refusal } from "./create-topics.ts";
import { type MetadataImage, resourceTypes } from "./image.ts";
import type { MetadataRecord } from "./records.ts";
import type { AlterConfigs, AlterResource, ApiError } from "./requests.ts";
import { topicConfigKey, validateTopicConfigs } from "./topic-configs.ts";
import { refuseTopicName } from "./topic-names.ts";

export interface ConfigRules extends BrokerDefaults {
  brokerConfigKey(name: string): ConfigKey | undefined;
}

export function alterConfigs(
  image: MetadataImage,
  request: AlterConfigs,
  rules: ConfigRules,
): { records: MetadataRecord[]; results: ApiError[] } {
  const records: MetadataRecord[] = [];
  const results = request.resources.map((resource) => {
    try {
      const before = image.configs(resource.type, resource.name);
      const after = altered(before, resource, rules);
      validate(image, resource, before, after, rules);
      records.push(...differences(resource, before, after));
      return none;
    } catch (error) {
      return apiError(error);
    }
  });
  return { records: request.validateOnly ? [] : records, results };
}

function altered(
  before: ReadonlyMap<string, string>,
  resource: AlterResource,
  rules: ConfigRules,
): ReadonlyMap<string, string> {
  const after = new Map(resource.replace ? [] : before);
  const keyOf = (name: string) =>
    resource.type === resourceTypes.TOPIC ? topicConfigKey(name)?.key : rules.brokerConfigKey(name);
  for (const { name, operation, value } of resource.changes) {
    const key = keyOf(name);
    if (operation === "DELETE") after.delete(name);
    else if (operation === "SET") after.set(name, value ?? "");
    else {
      if (key?.type !== "list") {
        const message = `Can't ${operation} to key ${name} because its type is not LIST.`;
        throw new Refusal(ErrorCode.INVALID_CONFIG, message);
      }
      const now = splitList(after.get(name) ?? defaultOf(name, resource, rules));
      const given = splitList(value ?? "");
      const next =
        operation === "APPEND"
          ? [...now, ...given.filter((entry) => !now.includes(entry))]
          : now.filter((entry) => !given.includes(entry));
      after.set(name, next.join(","));
    }
  }
  return after;
}

function defaultOf(name: string, resource: AlterResource, rules: ConfigRules): string {
  if (resource.type === resourceTypes.TOPIC) return rules.topicDefault(name);
  return rules.brokerConfigKey(name)?.default ?? "";
}

function validate(
  image: MetadataImage,
  resource: AlterResource,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  rules: ConfigRules,
): void {
  if (resource.type === resourceTypes.TOPIC) {
    const problem = refuseTopicName(resource.name);
    if (problem !== undefined) throw new Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
    if (image.topic(resource.name) === undefined) {
      throw new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resource.name}' does not exist.`);
    }
    validateTopicConfigs(after, (name) => rules.topicDefault(name));
    return;
  }
  const changed = [...after].filter(([name, value]) => before.get(name) !== value);
  const fixed = changed.map(([name]) => name).filter((name) => rules.brokerConfigKey(name) === undefined);
  if (fixed.length > 0) {
    const message = `Cannot update these configs dynamically: [${fixed.join(", ")}]`;
    throw new Refusal(ErrorCode.INVALID_REQUEST, message);
  }
  for (const [name, value] of changed) {
    try {
      rules.brokerConfigKey(name)?.parse(name, value);
    } catch (error) {
      throw new Refusal(ErrorCode.INVALID_REQUEST, (error as Error).message);
    }
  }
}

function differences(
  { type, name: resourceName }: AlterResource,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): MetadataRecord[] {
  const record = (name: string, value: string | null): MetadataRecord => ({
    type: "ConfigRecord",
    key: { resourceType: type, resourceName, name },
    value: value === null ? null : { value },
  });
  const set = [...after].filter(([name, value]) => before.get(name) !== value);
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return [...set.map(([name, value]) => record(name, value)), ...gone.map((name) => record(name, null))];
}
