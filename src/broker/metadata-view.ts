/**
 * Metadata as clients may see it: what is durable, told by the metadata shard's facts. Beside it the partitions'
 * logs, which are made and deleted after what the facts say, one fact after the other.
 */
import type { Log, LogConfig, PartitionLog } from "../log/log.ts";
import { MetadataImage, resourceTypes, type Topic } from "../metadata/image.ts";
import type { MetadataFact } from "../metadata/machine.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { isInternalTopic, metadataTopic } from "../metadata/topic-names.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { BrokerConfig } from "./config.ts";
import type { LedPartition, Logger, MetadataView, PartitionLookup, TopicImage } from "./context.ts";
import { logConfigOf } from "./log-config.ts";

export interface PartitionEvents {
  /** The broker leads the partition: its log is there, under a leader epoch of this start. */
  led(partition: LedPartition): void;
  /** Topics are gone; their logs go when this resolves. */
  deleted(topics: readonly DeletedTopic[]): Promise<void>;
}

export interface DeletedTopic {
  readonly name: string;
  readonly topicId: string;
}

interface HostedTopic {
  readonly image: TopicImage;
  readonly led: (LedPartition | undefined)[];
}

export class BrokerMetadata implements MetadataView {
  configEpoch = 0;
  readonly #image = new MetadataImage();
  readonly #log: Log;
  readonly #config: BrokerConfig;
  readonly #logger: Logger;
  readonly #events: PartitionEvents;
  readonly #topics = new Map<string, HostedTopic>();
  readonly #topicsById = new Map<string, HostedTopic>();
  /** Logs are made and deleted in the order of the facts. */
  #work: Promise<void> = Promise.resolve();
  #standardLogConfig: LogConfig | undefined;
  #started = false;

  constructor(log: Log, config: BrokerConfig, logger: Logger, events: PartitionEvents) {
    this.#log = log;
    this.#config = config;
    this.#logger = logger;
    this.#events = events;
  }

  get clusterId(): string {
    return this.#image.clusterId;
  }

  /** Kafka's broker epoch: how often this broker has started. */
  get brokerEpoch(): number {
    return this.#image.brokerEpoch;
  }

  topic(name: string): TopicImage | undefined {
    return this.#topics.get(name)?.image;
  }

  topicById(topicId: string): TopicImage | undefined {
    return this.#topicsById.get(topicId)?.image;
  }

  *topics(): Iterable<TopicImage> {
    for (const { image } of this.#topics.values()) yield image;
  }

  topicConfig(topic: string, name: string): string {
    return this.ownConfigs("TOPIC", topic).get(name) ?? this.#config.topicDefault(name);
  }

  /** What is set on a topic or a broker itself. */
  ownConfigs(type: "TOPIC" | "BROKER", name: string): ReadonlyMap<string, string> {
    return this.#image.configs(resourceTypes[type], name);
  }

  partition(topic: string, partition: number): PartitionLookup {
    return lookUp(this.#topics.get(topic), partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }

  partitionById(topicId: string, partition: number): PartitionLookup {
    return lookUp(this.#topicsById.get(topicId), partition, ErrorCode.UNKNOWN_TOPIC_ID);
  }

  /** The metadata shard tells what is durable. Until `start` it is only remembered. */
  apply({ records }: MetadataFact): void {
    /** Topics that the records are about, as they were before. */
    const touched = new Map<string, HostedTopic | undefined>();
    for (const record of records) {
      const name =
        record.type === "TopicRecord"
          ? record.key.name
          : record.type === "PartitionRecord"
            ? this.#image.topicById(record.key.topicId)?.name
            : undefined;
      if (name !== undefined) touched.set(name, this.#topics.get(name));
      if (record.type === "ConfigRecord") this.configEpoch++;
      this.#image.replay(record);
    }
    this.#config.follow({ broker: (name) => this.ownConfigs("BROKER", name) });
    if (!this.#started) return;
    for (const name of touched.keys()) this.#host(name);
    const gone = [...touched.values()].filter((topic) => topic !== undefined && this.#isGone(topic)) as HostedTopic[];
    if (touched.size > 0) this.#soon(() => this.#settle([...touched.keys()], gone));
    for (const name of this.#configured(records)) this.#configure(name);
  }

  /** Everything was loaded and this start is registered: leads all partitions, under this start's epoch. */
  async start(): Promise<void> {
    this.#started = true;
    for (const topic of this.#image.topics()) this.#host(topic.name);
    await this.#deleteStrays();
    this.#soon(() => this.#settle([...this.#topics.keys()], []));
    await this.settled();
  }

  /** Logs of topics that were deleted just before the broker ended. */
  async #deleteStrays(): Promise<void> {
    for (const { topic, partition, topicId } of [...this.#log.partitions()]) {
      const isKnown = this.#topicsById.get(topicId)?.image.partitions[partition] !== undefined;
      if (topic === metadataTopic || isKnown) continue;
      await this.#log.delete(topic, partition);
    }
  }

  /** Resolves when the logs are as the metadata of now says. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** Leads the partition under the epoch of now; the others keep theirs. */
  leadAnew(name: string, partition: number): Promise<void> {
    this.#soon(async () => {
      const hosted = this.#topics.get(name);
      const topic = this.#image.topic(name);
      if (hosted?.led[partition] === undefined || topic === undefined) return;
      const leaderEpoch = this.#image.leaderEpoch(topic, partition);
      const partitions = hosted.image.partitions.with(partition, { partition, leaderEpoch });
      const anew = { image: { ...hosted.image, partitions }, led: hosted.led.with(partition, undefined) };
      this.#topics.set(name, anew);
      this.#topicsById.set(topic.topicId, anew);
      await this.#lead(name);
    });
    return this.settled();
  }

  #soon(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error) => {
      this.#logger.error({ err: error }, "the log of a partition cannot be made or deleted");
    });
  }

  #host(name: string): void {
    const topic = this.#image.topic(name);
    const before = this.#topics.get(name);
    if (before !== undefined && before.image.topicId !== topic?.topicId) {
      this.#topics.delete(name);
      this.#topicsById.delete(before.image.topicId);
    }
    if (topic === undefined) return;
    const led = before?.image.topicId === topic.topicId ? before.led : [];
    const hosted = { image: this.#imageOf(topic, led), led };
    this.#topics.set(name, hosted);
    this.#topicsById.set(topic.topicId, hosted);
  }

  /** @param led keep the epochs they are led under. */
  #imageOf(topic: Topic, led: HostedTopic["led"]): TopicImage {
    const { name, topicId } = topic;
    const partitions = topic.partitions.map((_, partition) => ({
      partition,
      leaderEpoch: led[partition]?.leaderEpoch ?? this.#image.leaderEpoch(topic, partition),
    }));
    return { name, topicId, isInternal: isInternalTopic(name), partitions };
  }

  #isGone({ image }: HostedTopic): boolean {
    return !this.#topicsById.has(image.topicId);
  }

  async #settle(names: readonly string[], gone: readonly HostedTopic[]): Promise<void> {
    if (gone.length > 0) await this.#events.deleted(gone.map(({ image }) => image));
    await Promise.all(
      gone.flatMap(({ image }) => image.partitions.map(({ partition }) => this.#log.delete(image.name, partition))),
    );
    await Promise.all(names.map((name) => this.#lead(name)));
  }

  async #lead(name: string): Promise<void> {
    const hosted = this.#topics.get(name);
    if (hosted === undefined) return;
    const { image, led } = hosted;
    const config = this.#logConfig(name);
    for (const { partition, leaderEpoch } of image.partitions) {
      if (led[partition] !== undefined) continue;
      const log = await this.#logOf(image, partition, config);
      log.configure(config);
      log.becomeLeader(leaderEpoch);
      const now: LedPartition = { topic: image, partition, leaderEpoch, log };
      led[partition] = now;
      this.#events.led(now);
    }
  }

  #logOf({ name, topicId }: TopicImage, partition: number, config: LogConfig): PartitionLog | Promise<PartitionLog> {
    return this.#log.get(name, partition) ?? this.#log.create({ topic: name, partition, topicId }, config);
  }

  /** Topics without configs of their own share one, so that thousands of them cost nothing. */
  #logConfig(topic: string): LogConfig {
    if (this.ownConfigs("TOPIC", topic).size > 0) return logConfigOf((name) => this.topicConfig(topic, name));
    this.#standardLogConfig ??= logConfigOf((name) => this.#config.topicDefault(name));
    return this.#standardLogConfig;
  }

  /** Topics whose config may have changed: those that are named, or all when it is the broker's. */
  #configured(records: readonly MetadataRecord[]): Iterable<string> {
    const keys = records.filter((record) => record.type === "ConfigRecord").map(({ key }) => key);
    if (!keys.some(({ resourceType }) => resourceType === resourceTypes.BROKER)) {
      return new Set(keys.map(({ resourceName }) => resourceName));
    }
    this.#standardLogConfig = undefined;
    return this.#topics.keys();
  }

  #configure(topic: string): void {
    const config = this.#logConfig(topic);
    for (const partition of this.#topics.get(topic)?.led ?? []) partition?.log.configure(config);
  }
}

function lookUp(topic: HostedTopic | undefined, partition: number, errorCode: ErrorCode): PartitionLookup {
  if (topic === undefined) return { ok: false, errorCode };
  const led = topic.led[partition];
  if (led !== undefined) return { ok: true, partition: led };
  const exists = topic.image.partitions[partition] !== undefined;
  return { ok: false, errorCode: exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
}
