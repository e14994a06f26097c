/** Configs as DescribeConfigs tells them: the value in force, where it comes from, and what lies beneath it. */
import { configTypes } from "../metadata/config-def.ts";
import { topicConfigKey, topicConfigs } from "../metadata/topic-configs.ts";
import { brokerConfigKey, brokerConfigs } from "./broker-configs.ts";
import { type BrokerConfig, type ConfigSynonym, configSources } from "./config.ts";

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly source: number;
  readonly type: number;
  readonly documentation: string;
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: number }[];
}

/** @param own what is set on the topic itself. */
export function topicConfigEntries(own: ReadonlyMap<string, string>, config: BrokerConfig): ConfigEntry[] {
  return Object.keys(topicConfigs).map((name) => {
    const { key, broker } = topicConfigKey(name)!;
    const beneath = broker === undefined ? [] : synonymsOf(broker, key.default, config);
    const set = own.get(name);
    const synonyms: ConfigSynonym[] =
      set === undefined ? beneath : [{ name, value: key.canonical(set), source: "DYNAMIC_TOPIC_CONFIG" }, ...beneath];
    const value = set === undefined ? config.topicDefault(name) : key.canonical(set);
    return entry(name, value, false, key, synonyms);
  });
}

/** Broker configs that this broker does not act on stand at Kafka's default. */
function synonymsOf(broker: string, standard: string | null, config: BrokerConfig): ConfigSynonym[] {
  if (brokerConfigKey(broker) !== undefined || standard === null || broker.startsWith("log.roll.jitter")) {
    return config.synonyms(broker);
  }
  return [{ name: broker, value: standard, source: "DEFAULT_CONFIG" }];
}

export function brokerConfigEntries(config: BrokerConfig): ConfigEntry[] {
  return Object.keys(brokerConfigs).map((name) => {
    const { key, dynamic } = brokerConfigKey(name)!;
    const synonyms = config.synonyms(name);
    return entry(name, synonyms[0]?.value ?? null, !dynamic, key, synonyms);
  });
}

/** What is set on a broker, or on all brokers, while they run. */
export function dynamicConfigEntries(own: ReadonlyMap<string, string>, source: ConfigSynonym["source"]): ConfigEntry[] {
  return [...own].map(([name, value]) =>
    entry(name, value, false, brokerConfigKey(name)!.key, [{ name, value, source }]),
  );
}

function entry(
  name: string,
  value: string | null,
  readOnly: boolean,
  key: { readonly type: keyof typeof configTypes; readonly doc: string },
  synonyms: readonly ConfigSynonym[],
): ConfigEntry {
  return {
    name,
    value,
    readOnly,
    source: configSources[synonyms[0]?.source ?? "DEFAULT_CONFIG"],
    type: configTypes[key.type].code,
    documentation: key.doc,
    synonyms: synonyms.map((synonym) => ({ ...synonym, source: configSources[synonym.source] })),
  };
}
