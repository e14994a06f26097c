/** What a consumer reads: topics, a pattern, or partitions that the application assigns; never two of them. */
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster, ClusterMetadata } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { brokerError, type KafkaError } from "../errors.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { InvalidStateError } from "./errors.ts";
import { matchingTopics, topicPattern } from "./topic-pattern.ts";

/** Topics, or an RE2 pattern that means the whole name and follows topics that are made later. */
export type SubscriptionInput<Name extends string = string> = Name | readonly Name[] | { readonly pattern: string };

const refused: ReadonlySet<number> = new Set([ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.INVALID_TOPIC_EXCEPTION]);

type Wanted =
  | { readonly kind: "nothing" }
  | { readonly kind: "topics"; readonly topics: readonly string[] }
  | { readonly kind: "pattern"; readonly matches: (topic: string) => boolean }
  | { readonly kind: "partitions"; readonly topics: readonly string[] };

export class Subscription {
  readonly #cluster: Cluster;
  readonly #config: ConsumerConfig;
  #wanted: Wanted = { kind: "nothing" };
  /** Topics of the group that this consumer leads. */
  #groupTopics: readonly string[] = [];
  /** Topics whose error the application was told. */
  readonly #refused = new Set<string>();

  constructor(cluster: Cluster, config: ConsumerConfig) {
    this.#cluster = cluster;
    this.#config = config;
  }

  /**
   * @throws {InvalidStateError} when partitions are assigned.
   * @throws {ClientConfigError} for a pattern that is none.
   */
  subscribe(input: SubscriptionInput): void {
    if (this.#wanted.kind === "partitions") throw mixed("partitions are assigned");
    if (typeof input === "object" && "pattern" in input) {
      this.#wanted = { kind: "pattern", matches: topicPattern(input.pattern) };
    } else {
      this.#wanted = { kind: "topics", topics: typeof input === "string" ? [input] : [...input] };
    }
    this.#watch();
  }

  /** @throws {InvalidStateError} when topics are subscribed to. */
  assign(partitions: readonly TopicPartition[]): void {
    if (this.#wanted.kind === "topics" || this.#wanted.kind === "pattern") throw mixed("topics are subscribed to");
    this.#wanted = { kind: "partitions", topics: partitions.map(({ topic }) => topic) };
    this.#watch();
  }

  clear(): void {
    this.#wanted = { kind: "nothing" };
    this.#watch();
  }

  watchAlso(topics: readonly string[]): void {
    this.#groupTopics = topics;
    this.#watch();
  }

  /** The topics that the group is told; undefined: nothing to be told, or no topic is known yet that could match. */
  topics(known: ClusterMetadata): readonly string[] | undefined {
    const wanted = this.#wanted;
    if (wanted.kind === "topics") return wanted.topics;
    if (wanted.kind !== "pattern" || known.brokers.size === 0) return undefined;
    return matchingTopics(known, wanted.matches, this.#config.excludeInternalTopics);
  }

  /** What brokers say of topics by name that waiting will not change; each is told once. */
  refusals({ topics }: ClusterMetadata): KafkaError[] {
    const wanted = this.#wanted;
    if (wanted.kind !== "topics" && wanted.kind !== "partitions") return [];
    return wanted.topics.flatMap((topic) => {
      const errorCode = topics.get(topic)?.errorCode ?? ErrorCode.NONE;
      if (!refused.has(errorCode)) this.#refused.delete(topic);
      if (!refused.has(errorCode) || this.#refused.has(topic)) return [];
      this.#refused.add(topic);
      return [brokerError(errorCode, `topic ${topic}`)];
    });
  }

  #watch(): void {
    const wanted = this.#wanted;
    const allowAutoTopicCreation = this.#config.allowAutoCreateTopics;
    if (wanted.kind === "pattern") return this.#cluster.watch("all");
    const own = wanted.kind === "nothing" ? [] : wanted.topics;
    this.#cluster.watch(new Set([...own, ...this.#groupTopics]), { allowAutoTopicCreation });
  }
}

function mixed(what: string): InvalidStateError {
  return new InvalidStateError(
    `${what}: a consumer has either a subscription or partitions of its own choice`,
    "call unsubscribe() first",
  );
}
