/** The metadata shard: topics, partitions, configs and producer ids under the one law. */
import type { Rng } from "../coordinator/clock.ts";
import type { ReplyToken, StateMachine, StepContext } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { alterConfigs, type ConfigRules } from "./alter-configs.ts";
import { createPartitions, createTopics, none } from "./create-topics.ts";
import { MetadataImage, resourceTypes, type Topic } from "./image.ts";
import { randomUuid } from "./random-uuid.ts";
import type { MetadataRecord } from "./records.ts";
import type { ApiError, DeletedTopic, MetadataRequests } from "./requests.ts";

/** What is durable now. Whoever replays all of them in order has the shard's image as clients may see it. */
export interface MetadataFact {
  readonly records: readonly MetadataRecord[];
}

type Context = StepContext<MetadataRequests, MetadataRecord, never, MetadataFact>;

/** Producer ids are handed out in blocks, so that few of them cost a record (Kafka's block size). */
const producerIdBlock = 1000;

export class MetadataMachine implements StateMachine<MetadataRequests, MetadataRecord, never, MetadataFact> {
  readonly #image = new MetadataImage();
  readonly #rules: ConfigRules;
  /** What the log held, until the first fact tells it. */
  #loading: MetadataRecord[] | undefined = [];

  constructor(rules: ConfigRules) {
    this.#rules = rules;
  }

  replay(record: MetadataRecord): void {
    this.#image.replay(record);
    if (this.#loading !== undefined) this.#loading.push(record);
  }

  loaded(context: Context): void {
    context.publish({ records: this.#loading ?? [] });
    this.#loading = undefined;
  }

  request<K extends keyof MetadataRequests>(
    type: K,
    request: MetadataRequests[K]["request"],
    token: ReplyToken,
    context: Context,
  ): void {
    const { records, reply, refused } = this.#deciders[type](request, context.rng);
    const admission = records.length === 0 ? ({ ok: true } as const) : context.emit(records);
    if (!admission.ok) return context.reply(token, refused(admission.errorCode));
    if (records.length > 0) context.publish({ records });
    context.reply(token, reply);
  }

  timer(): void {}

  readonly #deciders: Deciders = {
    RegisterBroker: (request, rng) => this.#register(request, rng),
    CreateTopics: (request, rng) => named(createTopics(this.#image, request, this.#rules, rng)),
    CreatePartitions: (request) => named(createPartitions(this.#image, request, this.#rules)),
    DeleteTopics: (request) => named(this.#deleteTopics(request)),
    AlterConfigs: (request) => named(alterConfigs(this.#image, request, this.#rules)),
    AllocateProducerIds: () => this.#allocateProducerIds(),
  };

  #register({ nodeId }: MetadataRequests["RegisterBroker"]["request"], rng: Rng): Decision<"RegisterBroker"> {
    const records: MetadataRecord[] = [];
    if (this.#image.clusterId === "") {
      records.push({ type: "ClusterRecord", key: {}, value: { clusterId: randomUuid(rng) } });
      // Kafka's eligible leader replicas keep min.insync.replicas for all brokers, and so do its tools show it.
      const key = { resourceType: resourceTypes.BROKER, resourceName: "", name: "min.insync.replicas" };
      records.push({ type: "ConfigRecord", key, value: { value: this.#rules.topicDefault("min.insync.replicas") } });
    }
    const brokerEpoch = this.#image.brokerEpoch + 1;
    records.push({ type: "RegisterBrokerRecord", key: { brokerId: nodeId }, value: { brokerEpoch } });
    return { records, reply: { errorCode: ErrorCode.NONE }, refused: (errorCode) => ({ errorCode }) };
  }

  #allocateProducerIds(): Decision<"AllocateProducerIds"> {
    const first = this.#image.nextProducerId;
    const value = { nextProducerId: first + producerIdBlock };
    return {
      records: [{ type: "ProducerIdsRecord", key: {}, value }],
      reply: { errorCode: ErrorCode.NONE, first, count: producerIdBlock },
      refused: (errorCode) => ({ errorCode, first: 0, count: 0 }),
    };
  }

  #deleteTopics({ topicIds }: MetadataRequests["DeleteTopics"]["request"]): Named<DeletedTopic> {
    const records: MetadataRecord[] = [];
    const results = topicIds.map((topicId) => {
      const topic = this.#image.topicById(topicId);
      if (topic === undefined) {
        return {
          topicId,
          errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
          errorMessage: "This server does not host this topic ID.",
        };
      }
      records.push(...this.#tombstones(topic));
      return { topicId, ...none };
    });
    return { records, results };
  }

  #tombstones({ name, topicId, partitions }: Topic): MetadataRecord[] {
    const { TOPIC } = resourceTypes;
    const configs = [...this.#image.configs(TOPIC, name).keys()];
    return [
      { type: "TopicRecord", key: { name }, value: null },
      ...partitions.map(
        (_, partition) => ({ type: "PartitionRecord", key: { topicId, partition }, value: null }) as const,
      ),
      ...configs.map(
        (config) =>
          ({
            type: "ConfigRecord",
            key: { resourceType: TOPIC, resourceName: name, name: config },
            value: null,
          }) as const,
      ),
    ];
  }
}

/** What a request comes to: its records, its reply, and the reply when the log does not take them. */
interface Decision<K extends keyof MetadataRequests> {
  readonly records: readonly MetadataRecord[];
  readonly reply: MetadataRequests[K]["reply"];
  readonly refused: (errorCode: ErrorCode) => MetadataRequests[K]["reply"];
}

type Deciders = {
  readonly [K in keyof MetadataRequests]: (request: MetadataRequests[K]["request"], rng: Rng) => Decision<K>;
};

interface Named<Result> {
  readonly records: readonly MetadataRecord[];
  readonly results: readonly Result[];
}

/** One result each, and when the log does not take the records, the same error for each. */
function named<Result extends ApiError>({ records, results }: Named<Result>) {
  return {
    records,
    reply: results,
    refused: (errorCode: ErrorCode) => results.map((result) => ({ ...result, errorCode, errorMessage: null })),
  };
}
