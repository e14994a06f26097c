/** CreateTopics and CreatePartitions: what is refused, in Kafka's words and order, and the records of what is not. */
import type { Rng } from "../coordinator/clock.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { zeroUuid } from "../protocol/schema.ts";
import { ConfigError } from "./config-def.ts";
import { type MetadataImage, resourceTypes, type Topic } from "./image.ts";
import { randomUuid } from "./random-uuid.ts";
import type { MetadataRecord } from "./records.ts";
import type { ApiError, CreatedTopic, CreatePartitions, CreateTopics, NamedResult, NewTopic } from "./requests.ts";
import { topicConfigKey, validateTopicConfigs } from "./topic-configs.ts";
import { collisionKey, refuseTopicName } from "./topic-names.ts";

/** What the machine has to know of the broker. */
export interface BrokerDefaults {
  readonly nodeId: number;
  numPartitions(): number;
  topicDefault(name: string): string;
}

/** Most partitions that one request may make (Kafka's own bound). */
const maxPartitionsPerRequest = 10_000;

export class Refusal extends Error {
  readonly errorCode: ErrorCode;
  constructor(errorCode: ErrorCode, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

export function createTopics(
  image: MetadataImage,
  request: CreateTopics,
  broker: BrokerDefaults,
  rng: Rng,
): { records: MetadataRecord[]; results: CreatedTopic[] } {
  const wanted = request.topics.reduce((sum, topic) => sum + (partitionCount(topic, broker) ?? 0), 0);
  if (wanted > maxPartitionsPerRequest) {
    const refusal = refuse(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.");
    return { records: [], results: request.topics.map((topic) => failed(topic, refusal)) };
  }
  const records: MetadataRecord[] = [];
  const names = collisions(image);
  const results = request.topics.map((topic) => {
    try {
      refuseName(topic.name, names, image);
      const configs = validConfigs(topic, broker);
      const count = validPartitions(topic, broker);
      const topicId = randomUuid(rng);
      const key = collisionKey(topic.name);
      if (key !== undefined) names.set(key, topic.name);
      records.push(...topicRecords(image, topic.name, topicId, count, configs));
      return { name: topic.name, topicId, numPartitions: count, ...none };
    } catch (error) {
      return failed(topic, error);
    }
  });
  return { records: request.validateOnly ? [] : records, results };
}

export function createPartitions(
  image: MetadataImage,
  request: CreatePartitions,
  broker: BrokerDefaults,
): { records: MetadataRecord[]; results: NamedResult[] } {
  const records: MetadataRecord[] = [];
  const results = request.topics.map((wish) => {
    try {
      const topic = image.topic(wish.name);
      if (topic === undefined) throw new Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, unknownTopic);
      const added = addedPartitions(topic, wish.count);
      if (wish.assignments !== null) validAssignments(wish.assignments, added, broker);
      for (let index = topic.partitions.length; index < wish.count; index++) {
        records.push(partitionRecord(image, topic.topicId, index));
      }
      return { name: wish.name, ...none };
    } catch (error) {
      return { name: wish.name, ...apiError(error) };
    }
  });
  return { records: request.validateOnly ? [] : records, results };
}

export const unknownTopic = "This server does not host this topic-partition.";
export const none: ApiError = { errorCode: ErrorCode.NONE, errorMessage: null };

export function apiError(error: unknown): ApiError {
  if (error instanceof Refusal) return { errorCode: error.errorCode, errorMessage: error.message };
  if (error instanceof ConfigError) return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: error.message };
  throw error;
}

function refuse(errorCode: ErrorCode, message: string): Refusal {
  return new Refusal(errorCode, message);
}

function failed(topic: NewTopic, error: unknown): CreatedTopic {
  return { name: topic.name, topicId: zeroUuid, numPartitions: -1, ...apiError(error) };
}

function refuseName(name: string, names: ReadonlyMap<string, string>, image: MetadataImage): void {
  const problem = refuseTopicName(name);
  if (problem !== undefined) throw refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
  if (image.topic(name) !== undefined) throw refuse(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  const other = names.get(collisionKey(name) ?? "");
  if (other !== undefined) {
    const message = `Topic '${name}' collides with existing topic: ${other}`;
    throw refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, message);
  }
}

function collisions(image: MetadataImage): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name } of image.topics()) {
    const key = collisionKey(name);
    if (key !== undefined) names.set(key, name);
  }
  return names;
}

function validConfigs(topic: NewTopic, broker: BrokerDefaults): ReadonlyMap<string, string> {
  const configs = new Map<string, string>();
  for (const { name, value } of topic.configs) {
    if (value === null) throw new ConfigError(`Null value not supported for topic configs: ${name}`);
    configs.set(name, value);
  }
  validateTopicConfigs(configs, (name) => broker.topicDefault(name));
  return new Map([...configs].map(([name, value]) => [name, topicConfigKey(name)!.key.canonical(value)]));
}

/** How many partitions the topic is to have; undefined when the request is to be refused anyway. */
function partitionCount(topic: NewTopic, broker: BrokerDefaults): number | undefined {
  if (topic.assignments.length > 0) return topic.assignments.length;
  if (topic.numPartitions === -1) return broker.numPartitions();
  return topic.numPartitions > 0 ? topic.numPartitions : undefined;
}

function validPartitions(topic: NewTopic, broker: BrokerDefaults): number {
  if (topic.assignments.length > 0) return validManualTopic(topic, broker);
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    throw refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      "Replication factor must be larger than 0, or -1 to use the default value.",
    );
  }
  const count = partitionCount(topic, broker);
  if (count === undefined) {
    const message = "Number of partitions was set to an invalid non-positive value.";
    throw refuse(ErrorCode.INVALID_PARTITIONS, message);
  }
  if (topic.replicationFactor > 1) {
    throw refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${topic.replicationFactor} time(s): The target replication factor of ` +
        `${topic.replicationFactor} cannot be reached because only 1 broker(s) are registered or some brokers have ` +
        "all their log directories cordoned.",
    );
  }
  return count;
}

function validManualTopic(topic: NewTopic, broker: BrokerDefaults): number {
  const given = "A manual partition assignment was specified, but";
  if (topic.replicationFactor !== -1) {
    throw refuse(ErrorCode.INVALID_REQUEST, `${given} replication factor was not set to -1.`);
  }
  if (topic.numPartitions !== -1) throw refuse(ErrorCode.INVALID_REQUEST, `${given} numPartitions was not set to -1.`);
  const indexes = topic.assignments.map((assignment) => assignment.partitionIndex);
  const twice = indexes.find((index, at) => indexes.indexOf(index) !== at);
  if (twice !== undefined) {
    const message = `Found multiple manual partition assignments for partition ${twice}`;
    throw refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  for (const { brokerIds } of topic.assignments) validReplicas(brokerIds, broker);
  if (indexes.some((index) => index < 0 || index >= indexes.length)) {
    const message = "partitions should be a consecutive 0-based integer sequence";
    throw refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  }
  return indexes.length;
}

function validReplicas(brokerIds: readonly number[], broker: BrokerDefaults): void {
  const wrong = (what: string) =>
    refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `The manual partition assignment includes ${what}`);
  if (brokerIds.length === 0) throw wrong("an empty replica list.");
  const sorted = [...brokerIds].sort((a, b) => a - b);
  for (const [at, id] of sorted.entries()) {
    if (id !== broker.nodeId) throw wrong(`broker ${id}, but no such broker is registered.`);
    if (sorted[at - 1] === id) throw wrong(`the broker ${id} more than once.`);
  }
}

function addedPartitions(topic: Topic, count: number): number {
  const now = topic.partitions.length;
  if (count === now) throw refuse(ErrorCode.INVALID_PARTITIONS, `Topic already has ${now} partition(s).`);
  if (count < now) {
    const message = `The topic ${topic.name} currently has ${now} partition(s); ${count} would not be an increase.`;
    throw refuse(ErrorCode.INVALID_PARTITIONS, message);
  }
  if (count - now > maxPartitionsPerRequest) {
    throw refuse(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.");
  }
  return count - now;
}

function validAssignments(
  assignments: readonly { readonly brokerIds: readonly number[] }[],
  added: number,
  broker: BrokerDefaults,
): void {
  if (assignments.length !== added) {
    throw refuse(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    );
  }
  for (const { brokerIds } of assignments) validReplicas(brokerIds, broker);
}

function topicRecords(
  image: MetadataImage,
  name: string,
  topicId: string,
  count: number,
  configs: ReadonlyMap<string, string>,
): MetadataRecord[] {
  const records: MetadataRecord[] = [{ type: "TopicRecord", key: { name }, value: { topicId } }];
  for (let index = 0; index < count; index++) records.push(partitionRecord(image, topicId, index));
  for (const [config, value] of configs) {
    const key = { resourceType: resourceTypes.TOPIC, resourceName: name, name: config };
    records.push({ type: "ConfigRecord", key, value: { value } });
  }
  return records;
}

function partitionRecord(image: MetadataImage, topicId: string, partition: number): MetadataRecord {
  return { type: "PartitionRecord", key: { topicId, partition }, value: { brokerEpoch: image.brokerEpoch } };
}
