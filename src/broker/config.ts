/**
 * The configuration in force: what was given at start, what was altered since (Kafka's dynamic configs, for this broker
 * or for all), and the defaults beneath. Topics fall back to it.
 */
import { topicConfigKey } from "../metadata/topic-configs.ts";
import { type BrokerConfigName, type BrokerConfigValue, brokerConfigKey, brokerConfigs } from "./broker-configs.ts";

/** Where a value comes from, strongest first; the number is the one in DescribeConfigs. */
export const configSources = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
} as const;
export type ConfigSource = keyof typeof configSources;

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string;
  readonly source: ConfigSource;
}

/** Altered while the broker runs; read from the metadata log. */
export interface DynamicConfigs {
  /** A broker's own, or those of all brokers under the empty name. */
  broker(name: string): ReadonlyMap<string, string>;
}

const noConfigs: ReadonlyMap<string, string> = new Map();
const nothingDynamic: DynamicConfigs = { broker: () => noConfigs };

/** A key whose value stands in another unit under further names, strongest first. */
const coarser: Record<string, readonly (readonly [name: string, milliseconds: number])[]> = {
  "log.retention.ms": [
    ["log.retention.minutes", 60_000],
    ["log.retention.hours", 3_600_000],
  ],
  "log.roll.ms": [["log.roll.hours", 3_600_000]],
};

/** The broker's configuration by Kafka's names: what was given at start, and what clients alter since (KIP-226). */
export class BrokerConfig {
  readonly #given: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, unknown>();
  #dynamic: DynamicConfigs = nothingDynamic;

  /** @param given what was set at start, validated (`config-sources.ts`). */
  constructor(given: ReadonlyMap<string, string> = noConfigs) {
    this.#given = given;
  }

  /** From now on what these say goes before what was given at start. Called again whenever they changed. */
  follow(dynamic: DynamicConfigs): void {
    this.#dynamic = dynamic;
    this.#parsed.clear();
  }

  /** The value in force: altered by a client, else given at start, else Kafka's default. */
  get<N extends BrokerConfigName>(name: N): BrokerConfigValue<N> {
    if (!this.#parsed.has(name)) {
      const text = this.synonyms(name).find((synonym) => synonym.name === name)?.value;
      this.#parsed.set(name, text === undefined ? null : brokerConfigs[name].key.parse(name, text));
    }
    return this.#parsed.get(name) as BrokerConfigValue<N>;
  }

  /**
   * All that is set for a broker config, strongest first, its default last. What is set in a coarser unit is told only
   * beside what is set in the unit itself, as Kafka tells it.
   */
  synonyms(name: string): ConfigSynonym[] {
    const found = this.#set(name);
    if (!found.some((each) => each.name === name) && coarser[name] !== undefined) return [];
    for (const each of [name, ...coarserNames(name)]) {
      const standard = brokerConfigKey(each)?.key.default ?? null;
      if (standard !== null) found.push({ name: each, value: standard, source: "DEFAULT_CONFIG" });
    }
    return found;
  }

  /** What was set under the name, or under its coarser ones. */
  #set(name: string): ConfigSynonym[] {
    const found: ConfigSynonym[] = [];
    const layers: [ReadonlyMap<string, string>, ConfigSource][] = [
      [this.#dynamic.broker(String(this.#nodeId)), "DYNAMIC_BROKER_CONFIG"],
      [this.#dynamic.broker(""), "DYNAMIC_DEFAULT_BROKER_CONFIG"],
      [this.#given, "STATIC_BROKER_CONFIG"],
    ];
    for (const [values, source] of layers) {
      for (const each of [name, ...coarserNames(name)]) {
        const value = values.get(each);
        if (value !== undefined) found.push({ name: each, value: brokerConfigKey(each)!.key.canonical(value), source });
      }
    }
    return found;
  }

  /** What a topic config is where the topic itself sets none: the broker's, else Kafka's default. */
  topicDefault(name: string): string {
    const config = topicConfigKey(name);
    if (config === undefined) throw new Error(`no topic config is named ${name}`);
    if (name === "flush.messages") return String(this.get("log.flush.interval.messages"));
    const { broker } = config;
    const set = broker === undefined ? undefined : this.#set(broker)[0];
    if (set !== undefined) return inMilliseconds(broker!, set);
    return config.key.default!;
  }

  get #nodeId(): number {
    return Number(this.#given.get("node.id") ?? brokerConfigs["node.id"].key.default);
  }
}

function coarserNames(name: string): string[] {
  return (coarser[name] ?? []).map(([other]) => other);
}

function inMilliseconds(name: string, { name: given, value }: ConfigSynonym): string {
  if (coarser[name] === undefined) return value;
  const unit = coarser[name].find(([other]) => other === given)?.[1] ?? 1;
  return value.startsWith("-") ? "-1" : String(BigInt(value) * BigInt(unit)); // any negative time is unlimited
}
