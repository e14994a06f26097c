import type { NewTopic } from "../metadata/requests.ts";
import { isInternalTopic } from "../metadata/topic-names.ts";
import { ErrorCode, errorName } from "../protocol/errors.ts";
import type { BrokerConfig } from "./config.ts";
import type { Logger, MetadataShard, MetadataView } from "./context.ts";

/** A group of 10,000 members has to fit into one record (docs/decisions/0003); Kafka leaves the broker's default. */
const offsetsMaxMessageBytes = 10_485_760;

/** Topics that are made because someone asks for them: the coordinators' own, and auto.create.topics.enable. */
export class InternalTopics {
  readonly #metadata: MetadataView;
  readonly #shard: MetadataShard;
  readonly #config: BrokerConfig;
  readonly #logger: Logger;
  readonly #pending = new Map<string, Promise<ErrorCode>>();
  /** Why a coordinator's topic was refused the last time: who asks again and again is told it by the answer. */
  readonly #told = new Map<string, string>();

  constructor(metadata: MetadataView, shard: MetadataShard, config: BrokerConfig, logger: Logger) {
    this.#metadata = metadata;
    this.#shard = shard;
    this.#config = config;
    this.#logger = logger;
  }

  /** @returns NONE once the topic can be used. */
  async ensure(name: string): Promise<ErrorCode> {
    if (this.#metadata.topic(name) === undefined) return this.create(name);
    await this.#shard.settled();
    return ErrorCode.NONE;
  }

  /** One creation at a time for each name; those who come meanwhile wait for it. */
  create(name: string): Promise<ErrorCode> {
    let pending = this.#pending.get(name);
    if (pending === undefined) {
      pending = this.#create(name).finally(() => this.#pending.delete(name));
      this.#pending.set(name, pending);
    }
    return pending;
  }

  async #create(name: string): Promise<ErrorCode> {
    const outcome = await this.#shard.submit("CreateTopics", { topics: [this.#wanted(name)], validateOnly: false });
    if (!outcome.ok) return outcome.errorCode;
    await this.#shard.settled();
    const { errorCode, errorMessage } = outcome.reply[0]!;
    const isThere = errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
    if (isInternalTopic(name)) this.#tell(name, isThere ? undefined : `${errorName(errorCode)} ${errorMessage ?? ""}`);
    return isThere ? ErrorCode.NONE : errorCode;
  }

  #tell(name: string, reason: string | undefined): void {
    if (reason === undefined) return void this.#told.delete(name);
    if (this.#told.get(name) === reason) return;
    this.#told.set(name, reason);
    this.#logger.warn(
      { topic: name },
      `${name} cannot be made, and without it there is no coordinator: ${reason.trim()}`,
    );
  }

  #wanted(name: string): NewTopic {
    if (name === "__consumer_offsets") return offsetsTopic(this.#config);
    if (name === "__transaction_state") return transactionTopic(this.#config);
    return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  }
}

function offsetsTopic(config: BrokerConfig): NewTopic {
  return {
    name: "__consumer_offsets",
    numPartitions: config.get("offsets.topic.num.partitions"),
    replicationFactor: config.get("offsets.topic.replication.factor"),
    assignments: [],
    configs: [
      { name: "cleanup.policy", value: "compact" },
      { name: "compression.type", value: "producer" },
      { name: "segment.bytes", value: String(config.get("offsets.topic.segment.bytes")) },
      { name: "max.message.bytes", value: String(offsetsMaxMessageBytes) },
    ],
  };
}

function transactionTopic(config: BrokerConfig): NewTopic {
  return {
    name: "__transaction_state",
    numPartitions: config.get("transaction.state.log.num.partitions"),
    replicationFactor: config.get("transaction.state.log.replication.factor"),
    assignments: [],
    configs: [
      { name: "unclean.leader.election.enable", value: "false" },
      { name: "compression.type", value: "uncompressed" },
      { name: "cleanup.policy", value: "compact" },
      { name: "min.insync.replicas", value: String(config.get("transaction.state.log.min.isr")) },
      { name: "segment.bytes", value: String(config.get("transaction.state.log.segment.bytes")) },
    ],
  };
}
