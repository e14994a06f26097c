/** Configurations of topics, brokers and groups: described, and changed key by key (KIP-339). */
import { DescribeConfigs } from "../../protocol/apis/describe-configs.ts";
import { IncrementalAlterConfigs } from "../../protocol/apis/incremental-alter-configs.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster, Destination } from "../cluster.ts";
import { type AdminOptions, errorOr, forEach, type Outcome } from "./attempts.ts";
import { codeOfTopic } from "./fresh-topics.ts";
import { errorOf, type ValidateOptions } from "./topics.ts";

const resourceTypes = { topic: 2, broker: 4, "broker-logger": 8, "client-metrics": 16, group: 32 } as const;
export type ConfigResourceType = keyof typeof resourceTypes;

export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** A topic, a group, or a broker's node id as text; "" is the default of all brokers. */
  readonly name: string;
}

/** The resource whose configuration is asked for. */
export interface ConfigQuery extends ConfigResource {
  /** Only these; default: all. */
  readonly keys?: readonly string[] | undefined;
}

export interface DescribeConfigsOptions extends AdminOptions {
  readonly includeSynonyms?: boolean;
  readonly includeDocumentation?: boolean;
}

const sources = {
  1: "DYNAMIC_TOPIC_CONFIG",
  2: "DYNAMIC_BROKER_CONFIG",
  3: "DYNAMIC_DEFAULT_BROKER_CONFIG",
  4: "STATIC_BROKER_CONFIG",
  5: "DEFAULT_CONFIG",
  6: "DYNAMIC_BROKER_LOGGER_CONFIG",
  7: "DYNAMIC_CLIENT_METRICS_CONFIG",
  8: "DYNAMIC_GROUP_CONFIG",
} as const;
export type ConfigSource = (typeof sources)[keyof typeof sources] | "UNKNOWN";

const types = ["BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"] as const;
export type ConfigValueType = (typeof types)[number] | "UNKNOWN";

/** One key of a resource's configuration, with where its value comes from. */
export interface ConfigEntry {
  readonly name: string;
  /** Null: not set, or not told because it is sensitive. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly type: ConfigValueType;
  readonly isDefault: boolean;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  /** Null unless asked for. */
  readonly documentation: string | null;
  /** Where the value could come from, what counts first; empty unless asked for. */
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: ConfigSource }[];
}

/** The configuration of one resource. */
export interface DescribedConfigs extends ConfigResource {
  readonly entries: readonly ConfigEntry[];
}

/** Keys that are not named stay as they are. */
export interface ConfigChange extends ConfigResource {
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Back to the default. */
  readonly delete?: readonly string[] | undefined;
  /** Of keys that are lists. */
  readonly append?: Readonly<Record<string, string>> | undefined;
  readonly subtract?: Readonly<Record<string, string>> | undefined;
}

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export function describeConfigs(
  cluster: Cluster,
  resources: readonly ConfigQuery[],
  { includeSynonyms = false, includeDocumentation = false, ...options }: DescribeConfigsOptions,
): Promise<DescribedConfigs[]> {
  return forEach(cluster, resources, options, (pending, attempt) =>
    toTheirBrokers(pending, async (to, items) => {
      const asked = items.map(({ type, name, keys }) => ({
        resourceType: resourceTypes[type],
        resourceName: name,
        configurationKeys: keys ?? null,
      }));
      const request = (version: number) => ({
        resources: asked,
        includeSynonyms,
        ...(version < 3 ? {} : { includeDocumentation }),
      });
      const { results } = await cluster.send(to, DescribeConfigs, request, attempt);
      return outcomes(cluster, items, results, "describe", ({ type, name }, { configs }) => {
        return { type, name, entries: configs.map(entry).sort((a, b) => (a.name < b.name ? -1 : 1)) };
      });
    }),
  );
}

export async function alterConfigs(
  cluster: Cluster,
  changes: readonly ConfigChange[],
  { validateOnly = false, ...options }: ValidateOptions,
): Promise<void> {
  await forEach(cluster, changes, options, (pending, attempt) =>
    toTheirBrokers(pending, async (to, items) => {
      const resources = items.map((change) => ({
        resourceType: resourceTypes[change.type],
        resourceName: change.name,
        configs: operationsOf(change),
      }));
      const answer = await cluster.send(to, IncrementalAlterConfigs, { resources, validateOnly }, attempt);
      return outcomes(cluster, items, answer.responses, "alter", () => undefined);
    }),
  );
}

function operationsOf(change: ConfigChange): { name: string; configOperation: number; value: string | null }[] {
  const withValues = (["set", "append", "subtract"] as const).flatMap((operation) =>
    Object.entries(change[operation] ?? {}).map(([name, value]) => {
      return { name, configOperation: operations[operation], value };
    }),
  );
  const deleted = (change.delete ?? []).map((name) => ({ name, configOperation: operations.delete, value: null }));
  return [...withValues, ...deleted];
}

/** A named broker is asked itself, as it alone knows its static configuration. */
async function toTheirBrokers<Item extends ConfigResource, Result>(
  items: readonly Item[],
  ask: (to: Destination, items: readonly Item[]) => Promise<Outcome<Item, Result>[]>,
): Promise<Outcome<Item, Result>[]> {
  const byBroker = Map.groupBy(items, ({ type, name }) => {
    return (type === "broker" || type === "broker-logger") && /^\d+$/.test(name) ? Number(name) : "any";
  });
  const answers = await Promise.all([...byBroker].map(([to, theirs]) => ask(to, theirs)));
  return answers.flat();
}

interface ResourceAnswer {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function outcomes<Item extends ConfigResource, Answer extends ResourceAnswer, Result>(
  cluster: Cluster,
  items: readonly Item[],
  answers: readonly Answer[],
  verb: string,
  result: (item: Item, answer: Answer) => Result,
): Outcome<Item, Result>[] {
  return items.map((item) => {
    const type = resourceTypes[item.type];
    const answer = answers.find((each) => each.resourceType === type && each.resourceName === item.name);
    const told = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    const code = item.type === "topic" ? codeOfTopic(cluster, item.name, told) : told;
    const error = errorOf(code, `${verb} configs of ${item.type} ${item.name}`, answer?.errorMessage);
    return errorOr(item, error, () => result(item, answer!));
  });
}

function sourceOf(code: number): ConfigSource {
  return sources[code as keyof typeof sources] ?? "UNKNOWN";
}

function entry(config: {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
  readonly configType: number;
  readonly documentation: string | null;
}): ConfigEntry {
  const source = sourceOf(config.configSource);
  return {
    name: config.name,
    value: config.value,
    source,
    type: types[config.configType - 1] ?? "UNKNOWN",
    isDefault: source === "DEFAULT_CONFIG",
    isReadOnly: config.readOnly,
    isSensitive: config.isSensitive,
    documentation: config.documentation,
    synonyms: config.synonyms.map((synonym) => ({ ...synonym, source: sourceOf(synonym.source) })),
  };
}
