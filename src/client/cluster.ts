/**
 * What producer, consumer and admin ask of the brokers: requests to a node, to a partition's leader, to a coordinator
 * or to anybody, over connections that are made when first needed; and what is known of the cluster.
 * Each client has a cluster of its own. `openCluster` (open-cluster.ts) makes one.
 */
import type { Api, RequestInput, ResponseOf } from "../protocol/schema.ts";
import type { ClientConfig } from "./client-keys.ts";
import type { ClientLogger } from "./logger.ts";
import type { ClientMetrics } from "./metrics/client-metrics.ts";
import type { TopicPartition } from "./topic-partition.ts";

/** To whom a request goes: a node by its id, or whoever is in office. */
export type Destination = number | "any" | "controller" | { readonly leader: TopicPartition } | Coordinated;

/** What has a coordinator: a group, or the transactions of one transactional id (KIP-98). */
export type Coordinated = { readonly group: string } | { readonly transactionalId: string };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** From the call to its answer, connecting included. Default: request.timeout.ms. */
  readonly timeoutMs?: number | undefined;
}

export interface SendOptions extends CallOptions {
  /**
   * Brokers answer the requests of a connection one after the other. Requests that a broker parks (a fetch that waits,
   * a join) go on a lane of their own: each lane of a node is a connection. Default: "main".
   */
  readonly lane?: string | undefined;
  /** The versions that may be used: the highest that the broker has too is. Default: all that the API has. */
  readonly versions?: readonly [lowest: number, highest: number] | undefined;
  /** False for a Produce with acks=0: the promise resolves to undefined when the request is written. */
  readonly expectsAnswer?: boolean | undefined;
}

/** A request, or what makes it once its version is known. */
export type RequestFor<A extends Api> = RequestInput<A> | ((version: number) => RequestInput<A>);

/** A broker, and where it is reached. */
export interface BrokerNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** A partition, and who has its replicas. */
export interface PartitionMetadata {
  readonly partition: number;
  /** NONE, or why the partition cannot be used now: LEADER_NOT_AVAILABLE, … */
  readonly errorCode: number;
  /** -1: there is none. */
  readonly leaderId: number;
  /** -1: the broker does not tell. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/** A topic with its partitions. */
export interface TopicDescription {
  readonly topic: string;
  /** zeroUuid (schema.ts) when the broker does not tell. */
  readonly topicId: string;
  readonly isInternal: boolean;
  /** NONE, or what the broker says of the topic: UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED, … */
  readonly errorCode: number;
  /** By partition number, without gaps. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface ClusterMetadata {
  /** Null before the first answer, and with brokers that do not tell. */
  readonly clusterId: string | null;
  /** -1: unknown. */
  readonly controllerId: number;
  readonly brokers: ReadonlyMap<number, BrokerNode>;
  readonly topics: ReadonlyMap<string, TopicDescription>;
}

export interface MetadataOptions extends CallOptions {
  /** Let the broker make topics that do not exist, if its auto.create.topics.enable allows. Default: false. */
  readonly allowAutoTopicCreation?: boolean | undefined;
}

/** What a broker told of itself when the connection was made (KIP-35, KIP-584). */
export interface BrokerVersions {
  /** The highest version of the API that both have. @throws {UnsupportedVersionError} */
  versionOf(api: Api, versions?: readonly [lowest: number, highest: number]): number;
  /** Versions of the feature that the broker supports; undefined when it does not know it. */
  feature(name: string): { readonly minVersion: number; readonly maxVersion: number } | undefined;
  /** The level that the cluster has agreed upon; 0 when there is none. */
  finalizedLevel(feature: string): number;
}

/**
 * Every promise may reject with {@link NetworkError}, {@link RequestTimeoutError}, {@link AuthenticationError},
 * {@link UnsupportedVersionError}, {@link ClosedError}, or with the reason of its signal. Error codes inside of answers
 * are the caller's.
 */
export interface Cluster extends AsyncDisposable {
  readonly config: ClientConfig;
  readonly logger: ClientLogger;
  readonly metrics: ClientMetrics;
  /** What is known now; empty before the first answer. */
  readonly known: ClusterMetadata;

  /**
   * Sends one request, once: nothing is tried again but finding the leader or coordinator, until `timeoutMs`.
   * Requests on one lane leave in the order of their calls once the lane is connected.
   */
  send<A extends Api>(to: Destination, api: A, request: RequestFor<A>, options?: SendOptions): Promise<ResponseOf<A>>;

  /** Asks for these topics, or all there are, once. What comes is remembered in `known` and told to the listeners. */
  metadata(topics: readonly string[] | "all", options?: MetadataOptions): Promise<ClusterMetadata>;
  /**
   * The topics that the client uses: they are asked for again every metadata.max.age.ms, and as soon as
   * `refreshSoon` says that something has changed. Each call replaces the topics of the one before.
   */
  watch(topics: ReadonlySet<string> | "all", options?: { readonly allowAutoTopicCreation?: boolean }): void;
  /** What is known is out of date: the watched topics are asked for, at once or after retry.backoff.ms. */
  refreshSoon(): void;
  /** @returns how to listen no more. */
  onMetadata(listener: (metadata: ClusterMetadata) => void): () => void;

  /** The leader's node id, from what is known; undefined when it is not known or there is none. */
  leaderOf(topic: string, partition: number): number | undefined;
  /** A partition's leader as a broker named it in an answer (KIP-951): used until the next metadata. */
  leaderMoved(topic: string, partition: number, leaderId: number, leaderEpoch: number): void;

  /** Node id of its coordinator; asked for once, and again after `coordinatorGone`. */
  coordinatorOf(what: Coordinated, options?: CallOptions): Promise<number>;
  /** It said NOT_COORDINATOR, or is not to be reached. */
  coordinatorGone(what: Coordinated): void;

  /** Connects if need be. */
  versions(to: Destination, options?: SendOptions): Promise<BrokerVersions>;

  /** Or on its way there. */
  readonly isClosed: boolean;
  /** Calls that are under way reject with {@link ClosedError}. */
  close(): Promise<void>;
}
