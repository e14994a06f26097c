/** What a client knows of the cluster, and when it asks again. */
import { Metadata } from "../protocol/apis/metadata.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { ResponseOf } from "../protocol/schema.ts";
import { backoffMs } from "./backoff.ts";
import type { ClientConfig } from "./client-keys.ts";
import type { ClusterMetadata, MetadataOptions, PartitionMetadata, TopicDescription } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import type { ClientLogger } from "./logger.ts";

type Answer = ResponseOf<typeof Metadata>;
type Asked = readonly string[] | "all";
export type AskMetadata = (request: MetadataRequest, options: MetadataOptions) => Promise<Answer>;
interface MetadataRequest {
  readonly topics: { name: string }[] | null;
  readonly allowAutoTopicCreation: boolean;
}

/** Of topics and of partitions. Java's client asks again for a topic that does not exist, too. */
const passing: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.LEADER_NOT_AVAILABLE]);

/** From version 4 on a broker makes no topic unasked. */
export const metadataVersions = [4, Metadata.versions[1]] as const;

export class MetadataKeeper {
  known: ClusterMetadata = { clusterId: null, controllerId: -1, brokers: new Map(), topics: new Map() };
  readonly #config: ClientConfig;
  readonly #logger: ClientLogger;
  readonly #ask: AskMetadata;
  readonly #listeners = new Set<(metadata: ClusterMetadata) => void>();
  #watched: ReadonlySet<string> | "all" = new Set<string>();
  #watchOptions: MetadataOptions = {};
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #isAsking = false;
  #isStale = false;
  /** How often in a row the watched topics were asked for in vain. */
  #vainCount = 0;
  #isClosed = false;

  constructor(config: ClientConfig, logger: ClientLogger, ask: AskMetadata) {
    this.#config = config;
    this.#logger = logger;
    this.#ask = ask;
  }

  async fetch(topics: Asked, options: MetadataOptions = {}): Promise<ClusterMetadata> {
    const asked = topics === "all" ? null : topics.map((name) => ({ name }));
    const allowAutoTopicCreation = options.allowAutoTopicCreation ?? false;
    const answer = await this.#ask({ topics: asked, allowAutoTopicCreation }, options);
    if (answer.errorCode !== ErrorCode.NONE) throw brokerError(answer.errorCode, "Metadata");
    this.#learn(answer, topics);
    return this.known;
  }

  watch(topics: ReadonlySet<string> | "all", options: MetadataOptions): void {
    this.#watched = topics;
    this.#watchOptions = options;
    this.#vainCount = 0;
    const isNew = topics === "all" || [...topics].some((topic) => !this.known.topics.has(topic));
    if (isNew) this.#schedule(0);
    else if (this.#timer === undefined) this.#schedule(this.#config.metadataMaxAgeMs);
  }

  refreshSoon(): void {
    if (this.#isAsking) this.#isStale = true;
    else if (!this.#isSoon) this.#schedule(this.#timer === undefined ? 0 : this.#config.retryBackoffMs);
  }

  onMetadata(listener: (metadata: ClusterMetadata) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  partition(topic: string, partition: number): PartitionMetadata | undefined {
    return this.known.topics.get(topic)?.partitions[partition];
  }

  /** @returns false when what is known is as new. */
  leaderMoved(topic: string, partition: number, leaderId: number, leaderEpoch: number): boolean {
    const known = this.known.topics.get(topic);
    const before = known?.partitions[partition];
    if (known === undefined || before === undefined || leaderEpoch <= before.leaderEpoch) return false;
    const partitions = known.partitions.with(partition, { ...before, leaderId, leaderEpoch });
    this.known = { ...this.known, topics: new Map(this.known.topics).set(topic, { ...known, partitions }) };
    return true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(afterMs: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#isSoon = afterMs < this.#config.metadataMaxAgeMs;
    this.#timer = setTimeout(() => void this.#refresh(), afterMs);
  }

  /** Asks for the watched topics, again with growing pauses until all are answered and as they should be. */
  async #refresh(): Promise<void> {
    this.#isAsking = true;
    this.#isStale = false;
    const topics = this.#watched;
    let isDone = false;
    try {
      await this.fetch(topics === "all" ? "all" : [...topics], this.#watchOptions);
      const unsettled = topics !== "all" && [...topics].some((topic) => this.#isPassing(topic));
      isDone = !unsettled && !this.#isStale && topics === this.#watched;
    } catch (error) {
      if (!this.#isClosed) this.#logger.warn({ err: error }, "metadata could not be fetched");
    }
    this.#isAsking = false;
    const { metadataMaxAgeMs, retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#config;
    if (isDone) this.#vainCount = 0;
    this.#schedule(isDone ? metadataMaxAgeMs : backoffMs({ initialMs, maxMs }, this.#vainCount++));
  }

  /** Will it be otherwise soon: a topic that is yet to be made, or one whose leader is being elected? */
  #isPassing(name: string): boolean {
    const topic = this.known.topics.get(name);
    return topic === undefined || [topic, ...topic.partitions].some(({ errorCode }) => passing.has(errorCode));
  }

  #learn(answer: Answer, asked: Asked): void {
    const topics = asked === "all" ? new Map<string, TopicDescription>() : new Map(this.known.topics);
    for (const topic of answer.topics) {
      if (topic.name !== null) topics.set(topic.name, this.#described({ ...topic, name: topic.name }));
    }
    this.known = {
      clusterId: answer.clusterId,
      controllerId: answer.controllerId,
      brokers: new Map(answer.brokers.map((broker) => [broker.nodeId, broker])),
      topics,
    };
    for (const listener of this.#listeners) listener(this.known);
  }

  #described(topic: Answer["topics"][number] & { name: string }): TopicDescription {
    const before = this.known.topics.get(topic.name);
    const partitions = topic.partitions
      .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
      .map((told): PartitionMetadata => {
        const known = before?.topicId === topic.topicId ? before.partitions[told.partitionIndex] : undefined;
        // A broker may lag behind what another has told already.
        if (known !== undefined && told.leaderEpoch >= 0 && told.leaderEpoch < known.leaderEpoch) return known;
        const { partitionIndex, replicaNodes, isrNodes, ...rest } = told;
        return { ...rest, partition: partitionIndex, replicas: replicaNodes, isr: isrNodes };
      });
    const { name, topicId, isInternal, errorCode } = topic;
    return { topic: name, topicId, isInternal, errorCode, partitions };
  }
}
