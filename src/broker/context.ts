/**
 * What a handler sees: the broker it serves (`BrokerServices`) and the request it answers (`RequestContext`).
 * Nothing here is module state: two brokers in one process share no value.
 */
import type { Clock, Rng } from "../coordinator/clock.ts";
import type { TransactionMarker } from "../coordinator/machine.ts";
import type { MaybePromise } from "../coordinator/shard.ts";
import type { GroupRequests } from "../group/requests.ts";
import type { Log, PartitionLog } from "../log/log.ts";
import type { MetadataRequests } from "../metadata/requests.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import type { Platform } from "../protocol/platform.ts";
import type { Api, RequestOf, ResponseInput } from "../protocol/schema.ts";
import type { TransactionRequests } from "../transaction/requests.ts";
import type { BrokerConfig } from "./config.ts";
import type { FetchSessions } from "./fetch-sessions.ts";
import type { ToldRebalance } from "./recent-rebalances.ts";

/** Where the broker's own facts go; the server fills it with pino. Fields first, a sentence second. */
export interface Logger {
  /** What only helps to find a fault. */
  debug(fields: object, message: string): void;
  /** What somebody who runs the broker wants to know. */
  info(fields: object, message: string): void;
  /** What needs no help now, and may later. */
  warn(fields: object, message: string): void;
  /** What needs help. */
  error(fields: object, message: string): void;
}

/** The folder that holds the data, and how full its disk is (-1: nobody knows). */
export interface LogDir {
  readonly path: string;
  space(): Promise<{ readonly totalBytes: number; readonly usableBytes: number }>;
}

/** Where clients are told to connect. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A topic as the metadata log tells it. */
export interface TopicImage {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  /** Replicas by partition index; this broker leads them all. */
  readonly partitions: readonly PartitionImage[];
}

export interface PartitionImage {
  readonly partition: number;
  /** Grows by one at each start of the broker since the topic was made. */
  readonly leaderEpoch: number;
}

export interface MetadataView {
  /** Another one whenever any config has changed. */
  readonly configEpoch: number;
  topic(name: string): TopicImage | undefined;
  topicById(topicId: string): TopicImage | undefined;
  topics(): Iterable<TopicImage>;
  /** A topic's config as it is in force: its own value, else the broker's, else Kafka's default. */
  topicConfig(topic: string, name: string): string;
  /** What is set on a topic or a broker itself; the empty name stands for all brokers. */
  ownConfigs(type: "TOPIC" | "BROKER", name: string): ReadonlyMap<string, string>;
}

/** A partition that this broker leads and whose log is open for business. */
export interface LedPartition {
  readonly topic: TopicImage;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly log: PartitionLog;
}

/**
 * `errorCode`: UNKNOWN_TOPIC_OR_PARTITION; by id UNKNOWN_TOPIC_ID when no topic has it;
 * NOT_LEADER_OR_FOLLOWER while the log of a new partition is being made.
 */
export type PartitionLookup =
  | { readonly ok: true; readonly partition: LedPartition }
  | { readonly ok: false; readonly errorCode: ErrorCode };

export type Outcome<T> =
  | { readonly ok: true; readonly reply: T }
  | { readonly ok: false; readonly errorCode: ErrorCode };

/** The shards of `__consumer_offsets`: what `src/coordinator/runtime.ts` offers, as handlers use it. */
export interface GroupShards {
  submit<K extends keyof GroupRequests>(
    partition: number,
    type: K,
    request: GroupRequests[K]["request"],
  ): MaybePromise<Outcome<GroupRequests[K]["reply"]>>;
  /** The last ones that this broker completed for the group, the oldest first. */
  rebalancesOf(groupId: string): readonly ToldRebalance[];
}

/** Partitions that a producer writes to in its transaction (KIP-890). */
export interface TransactionAdmission {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
  /**
   * `verify`: the client has to have added them before (Produce up to v11, TxnOffsetCommit up to v4); `add`: they are
   * added now, durably (Produce v12+, TxnOffsetCommit v5+: transaction.version 2).
   */
  readonly mode: "verify" | "add";
}

/**
 * NONE, or why nothing may be written to the partition, as the transaction coordinator says it: TRANSACTION_ABORTABLE
 * where `verify` does not find it, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, INVALID_TXN_STATE,
 * CONCURRENT_TRANSACTIONS while the transaction before it ends, and the errors of a coordinator that is not there.
 * Produce and TxnOffsetCommit tell it as their versions demand.
 */
export type PartitionVerdict = (topic: string, partition: number) => ErrorCode;

/** The shards of `__transaction_state`, as handlers use them. */
export interface TransactionShards {
  /** May the producer write to these partitions now? In the mode `add` the answer comes when that is durable. */
  admit(asked: TransactionAdmission): Promise<PartitionVerdict>;
  submit<K extends keyof TransactionRequests>(
    partition: number,
    type: K,
    request: TransactionRequests[K]["request"],
  ): MaybePromise<Outcome<TransactionRequests[K]["reply"]>>;
}

/** The metadata shard, for what changes metadata. */
export interface MetadataShard {
  submit<K extends keyof MetadataRequests>(
    type: K,
    request: MetadataRequests[K]["request"],
  ): MaybePromise<Outcome<MetadataRequests[K]["reply"]>>;
  /** Resolves once the partitions of all topics that were made or deleted so far have their logs, or lost them. */
  settled(): Promise<void>;
}

export interface BrokerServices {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly logger: Logger;
  readonly log: Log;
  readonly config: BrokerConfig;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly metadata: MetadataView;
  readonly metadataShard: MetadataShard;
  readonly groups: GroupShards;
  readonly transactions: TransactionShards;
  readonly fetchSessions: FetchSessions;
  /** Set once `stop()` has begun: what is parked is answered with errors that make clients retry. */
  readonly isStopping: boolean;
  /** Calls back once when `stop()` begins, at once if it has. @returns unsubscribe. */
  onStopping(callback: () => void): () => void;
  /** Where the log lies, for DescribeLogDirs. */
  readonly logDir: LogDir;
  /** What runs here, for those who ask (DescribeCluster, ApiVersions). */
  readonly brokerEpoch: number;
  /** Where clients of this listener reach this broker (advertised.listeners). */
  endpoint(listener: string): Endpoint;
  partition(topic: string, partition: number): PartitionLookup;
  partitionById(topicId: string, partition: number): PartitionLookup;
  /** The partition of `__consumer_offsets` that holds the group (rule 1). */
  groupPartition(groupId: string): number;
  /** The partition of `__transaction_state` that holds the transactional id: hashed as groups are. */
  transactionPartition(transactionalId: string): number;
  /** Ends a transaction in one partition: NONE once the marker is durable, or why it is not there. */
  writeTxnMarker(topic: string, partition: number, marker: TransactionMarker): Promise<ErrorCode>;
  /** Makes a topic as a client's first question for it does (auto.create.topics.enable was looked at before). */
  createMissingTopic(topic: string): Promise<ErrorCode>;
  /** Makes the internal topic when it is missing; resolves to NONE once it can be used. */
  ensureInternalTopic(topic: "__consumer_offsets" | "__transaction_state"): Promise<ErrorCode>;
  /** A producer id that no one had before, also not before a crash. */
  allocateProducerId(): Promise<Outcome<number>>;
  /** Resolves to NONE when one is at hand for a coordinator's step, which cannot wait. */
  producerIdAtHand(): Promise<ErrorCode>;
}

/** One client's connection, as long as it lasts. */
export interface Connection {
  /** The client's address, without a port. */
  readonly clientHost: string;
  readonly listener: string;
  /** True once the client has gone: nobody reads an answer any more. */
  readonly isClosed: boolean;
  /** Calls back once when the client goes, so that what it parked frees its buffers. @returns unsubscribe. */
  onClosed(callback: () => void): () => void;
  /** No later request starts, not even a Produce behind a Produce. @returns what ends it. */
  hold(): () => void;
  /** Ends the connection: the only way to say no to a Produce with acks=0. */
  close(reason: string): void;
}

export interface RequestContext {
  readonly broker: BrokerServices;
  readonly connection: Connection;
  readonly version: number;
  /** Empty when the client sent none. */
  readonly clientId: string;
}

/**
 * Answers one request of one API. Runs up to its first `await` in the order in which a connection's requests came in;
 * a Produce has appended by then, or holds the connection, since the next Produce of the connection starts before it is
 * durable.
 * @returns undefined when the protocol wants no answer (Produce with acks=0).
 */
export type Handler<A extends Api> = (request: RequestOf<A>, context: RequestContext) => Answer<A> | Promise<Answer<A>>;
export type Answer<A extends Api> = ResponseInput<A> | undefined;
