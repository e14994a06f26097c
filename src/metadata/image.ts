/** What the metadata log says so far: topics, partitions, configs, the next producer id, whose cluster this is. */
import type { MetadataRecord } from "./records.ts";

/** Of a config: a topic's, a broker's, or under the empty name all brokers'. Numbers are Kafka's. */
export const resourceTypes = { TOPIC: 2, BROKER: 4 } as const;
export type ResourceType = (typeof resourceTypes)[keyof typeof resourceTypes];

export interface Topic {
  readonly name: string;
  readonly topicId: string;
  /** By partition, the broker epoch in which it was made. */
  readonly partitions: number[];
}

const noConfigs: ReadonlyMap<string, string> = new Map();

export class MetadataImage {
  clusterId = "";
  /** How often the broker of this log has started. */
  brokerEpoch = 0;
  nextProducerId = 0;
  readonly #topics = new Map<string, Topic>();
  readonly #topicsById = new Map<string, Topic>();
  readonly #configs = new Map<string, Map<string, string>>();

  topic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  topicById(topicId: string): Topic | undefined {
    return this.#topicsById.get(topicId);
  }

  topics(): Iterable<Topic> {
    return this.#topics.values();
  }

  configs(type: ResourceType, name: string): ReadonlyMap<string, string> {
    return this.#configs.get(`${type}:${name}`) ?? noConfigs;
  }

  /** How often the broker has started since the partition was made: its leader epoch. */
  leaderEpoch(topic: Topic, partition: number): number {
    return this.brokerEpoch - (topic.partitions[partition] ?? this.brokerEpoch);
  }

  /** The only place where it changes. */
  replay(record: MetadataRecord): void {
    switch (record.type) {
      case "ClusterRecord":
        this.clusterId = record.value.clusterId;
        return;
      case "RegisterBrokerRecord":
        this.brokerEpoch = record.value.brokerEpoch;
        return;
      case "ProducerIdsRecord":
        this.nextProducerId = record.value.nextProducerId;
        return;
      case "TopicRecord":
        return this.#replayTopic(record.key.name, record.value?.topicId);
      case "PartitionRecord":
        return this.#replayPartition(record.key, record.value?.brokerEpoch);
      case "ConfigRecord":
        return this.#replayConfig(record.key, record.value?.value);
    }
  }

  #replayTopic(name: string, topicId: string | undefined): void {
    const before = this.#topics.get(name);
    if (before !== undefined) {
      this.#topics.delete(name);
      this.#topicsById.delete(before.topicId);
    }
    if (topicId === undefined) return;
    const topic = { name, topicId, partitions: [] };
    this.#topics.set(name, topic);
    this.#topicsById.set(topicId, topic);
  }

  #replayPartition({ topicId, partition }: { topicId: string; partition: number }, epoch: number | undefined): void {
    const topic = this.#topicsById.get(topicId);
    if (topic !== undefined && epoch !== undefined) topic.partitions[partition] = epoch;
  }

  #replayConfig(key: { resourceType: number; resourceName: string; name: string }, value: string | undefined): void {
    const resource = `${key.resourceType}:${key.resourceName}`;
    const configs = this.#configs.get(resource) ?? new Map<string, string>();
    if (value === undefined) configs.delete(key.name);
    else configs.set(key.name, value);
    if (configs.size > 0) this.#configs.set(resource, configs);
    else this.#configs.delete(resource);
  }
}
