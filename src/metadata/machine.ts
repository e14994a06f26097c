/** The metadata shard: topics, partitions, configs and producer ids under the one law. */
import type { Rng } from "../coordinator/clock.ts";
import type { ReplyToken, StateMachine, StepContext } from "../coordinator/machine.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { alterConfigs, type ConfigRules } from "./alter-configs.ts";
import { createPartitions, createTopics, none } from "./create-topics.ts";
import { MetadataImage, resourceTypes, type Topic } from "./image.ts";
import { randomUuid } from "./random-uuid.ts";
import type { MetadataRecord } from "./records.ts";
import type { DeletedTopic, MetadataRequests } from "./requests.ts";

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
    const { records, reply, refused } = this.#decide(type, request, context.rng);
    const admission = records.length === 0 ? ({ ok: true } as const) : context.emit(records);
    if (!admission.ok) return context.reply(token, refused(admission.errorCode));
    if (records.length > 0) context.publish({ records });
    context.reply(token, reply);
  }

  timer(): void {}

  #decide(type: keyof MetadataRequests, request: unknown, rng: Rng): Decision {
    const ask = request as never;
    switch (type) {
      case "RegisterBroker":
        return this.#register(ask, rng);
      case "CreateTopics":
        return named(createTopics(this.#image, ask, this.#rules, rng));
      case "CreatePartitions":
        return named(createPartitions(this.#image, ask, this.#rules));
      case "DeleteTopics":
        return named(this.#deleteTopics(ask));
      case "AlterConfigs":
        return named(alterConfigs(this.#image, ask, this.#rules));
      case "AllocateProducerIds":
        return this.#allocateProducerIds();
      default:
        throw new Error(`no such request: ${String(type)}`);
    }
  }

  #register({ nodeId }: MetadataRequests["RegisterBroker"]["request"], rng: Rng): Decision {
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

  #allocateProducerIds(): Decision {
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

interface Decision {
  readonly records: readonly MetadataRecord[];
  readonly reply: MetadataRequests[keyof MetadataRequests]["reply"];
  readonly refused: (errorCode: ErrorCode) => MetadataRequests[keyof MetadataRequests]["reply"];
}

interface Named<Result> {
  readonly records: readonly MetadataRecord[];
  readonly results: readonly Result[];
}

/** One result each, and when the log does not take the records, the same error for each. */
function named<Result extends object>({ records, results }: Named<Result>): Decision {
  return {
    records,
    reply: results as never,
    refused: (errorCode) => results.map((result) => ({ ...result, errorCode, errorMessage: null })) as never,
  };
}
