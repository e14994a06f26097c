/**
 * A broker: frames in, frames out, over a log. No sockets, no files, no clock of its own, and no module state.
 */
import type { Clock, Rng } from "../coordinator/clock.ts";
import type { TransactionMarker } from "../coordinator/machine.ts";
import { Runtime } from "../coordinator/runtime.ts";
import type { GroupFact } from "../group/facts.ts";
import type { Log, LogConfig } from "../log/log.ts";
import type { ConfigRules } from "../metadata/alter-configs.ts";
import { MetadataMachine } from "../metadata/machine.ts";
import { metadataCodec } from "../metadata/records.ts";
import { metadataTopic } from "../metadata/topic-names.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Platform } from "../protocol/platform.ts";
import { brokerConfigKey } from "./broker-configs.ts";
import type { BrokerConfig } from "./config.ts";
import { type BrokerConnection, ClientConnection, type Peer } from "./connection.ts";
import { Connections } from "./connections.ts";
import type { BrokerServices, Endpoint, LogDir, Logger, MetadataShard, Outcome, PartitionLookup } from "./context.ts";
import { FetchSessions } from "./fetch-sessions.ts";
import { warnOfUnkeptFlushes } from "./flush-configs.ts";
import { GroupRuntime, type GroupWatch } from "./group-runtime.ts";
import { servedApis } from "./handlers/index.ts";
import type { Interceptor } from "./interceptor.ts";
import { InternalTopics } from "./internal-topics.ts";
import { logConfigOf } from "./log-config.ts";
import { BrokerMetadata } from "./metadata-view.ts";
import { ProducerIdPool } from "./producer-ids.ts";
import { Repeated } from "./repeated.ts";
import { TransactionRuntime, type TransactionWatch } from "./transaction-runtime.ts";
import { writeTxnMarker } from "./write-txn-marker.ts";

/** All that a broker does not make itself. */
export interface BrokerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly log: Log;
  readonly config: BrokerConfig;
  readonly logger: Logger;
  /** Where the log lies, for those who ask; in memory when there is none. */
  readonly logDir?: LogDir;
  /** Hears of what happens to groups, besides the log line. */
  readonly onGroupFact?: (fact: GroupFact) => void;
  readonly intercept?: Interceptor;
  readonly watchGroups?: GroupWatch;
  readonly watchTransactions?: TransactionWatch;
}

/** A broker without sockets and files: frames in, frames out. */
export interface Broker {
  readonly services: BrokerServices;
  /**
   * Loads what the log holds and registers this start.
   * @param endpoints by listener, where clients are told to connect; known once the listeners are bound.
   */
  start(endpoints: ReadonlyMap<string, Endpoint>): Promise<void>;
  /** A client has connected. */
  connect(peer: Peer): BrokerConnection;
  /**
   * Leads a partition under a next leader epoch, as after its leader went elsewhere and came back; of
   * `__consumer_offsets` and `__transaction_state` its coordinator loads again. Resolves when it serves.
   */
  leadAnew(topic: string, partition: number): Promise<void>;
  /** Answers what is parked with errors that make clients retry, and closes the log. */
  stop(): Promise<void>;
}

/** Makes a broker; nothing happens before its `start`. */
export function createBroker(options: BrokerOptions): Broker {
  return new LoneBroker(options);
}

const inMemory: LogDir = { path: "memory", space: async () => ({ totalBytes: -1, usableBytes: -1 }) };

/** KRaft's id of the metadata topic. */
const metadataTopicId = "AAAAAAAAAAAAAAAAAAAAAQ";
const metadataPartition = 0;
/** What a controller that shuts down, or cannot be reached, is to clients: it may have done what was asked. */
const withoutController = { ok: false, errorCode: ErrorCode.REQUEST_TIMED_OUT } as const;
const metadataLogAt = { topic: metadataTopic, partition: metadataPartition, topicId: metadataTopicId };

/** The only broker of its cluster, and so the leader of everything and the controller. */
class LoneBroker implements Broker, BrokerServices {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly logger: Logger;
  readonly log: Log;
  readonly config: BrokerConfig;
  readonly nodeId: number;
  readonly logDir: LogDir;
  readonly metadata: BrokerMetadata;
  readonly metadataShard: MetadataShard;
  readonly groups: GroupRuntime;
  readonly transactions: TransactionRuntime;
  readonly fetchSessions: FetchSessions;
  readonly #metadataRuntime;
  readonly #internalTopics: InternalTopics;
  readonly #producerIds: ProducerIdPool;
  readonly #connections: Connections;
  readonly #cleaning: Repeated;
  readonly #intercept: Interceptor | undefined;
  readonly #onStopping = new Set<() => void>();
  #endpoints: ReadonlyMap<string, Endpoint> = new Map();
  #started: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    const { clock, rng, platform, log, config, logger, logDir = inMemory, onGroupFact, watchGroups } = options;
    const { watchTransactions } = options;
    this.clock = clock;
    this.rng = rng;
    this.platform = platform;
    this.log = log;
    this.config = config;
    this.logger = logger;
    this.logDir = logDir;
    this.nodeId = config.get("node.id");
    const watches = { ...(onGroupFact && { onGroupFact }), ...(watchGroups && { watchGroups }) };
    const partitionsOf = (topic: string) => this.metadata.topic(topic)?.partitions.length;
    const partitions = () => partitionsOf("__consumer_offsets");
    const topicIdOf = (name: string) => this.metadata.topic(name)?.topicId;
    this.groups = new GroupRuntime({ clock, rng, platform, config, logger, partitions, topicIdOf, ...watches });
    this.transactions = new TransactionRuntime({
      clock,
      rng,
      platform,
      config,
      logger,
      takeProducerId: () => this.#producerIds.take(),
      writeMarker: (topic, partition, marker) => this.writeTxnMarker(topic, partition, marker),
      partitions: () => partitionsOf("__transaction_state"),
      ...(watchTransactions && { watchTransactions }),
    });
    this.metadata = new BrokerMetadata(log, config, logger, {
      led: (partition) => {
        if (this.isStopping) return;
        this.groups.lead(partition);
        this.transactions.lead(partition);
      },
      deleted: (topics) => {
        this.transactions.topicsDeleted(topics);
        return this.groups.topicsDeleted(topics);
      },
    });
    const rules = metadataRules(config, this.nodeId);
    this.#metadataRuntime = new Runtime({
      clock,
      rng,
      platform,
      codec: metadataCodec,
      machine: () => new MetadataMachine(rules),
      onFact: (fact) => this.metadata.apply(fact),
      onFailure: (_, error) => logger.error({ err: error }, "the metadata shard failed and loads again"),
    });
    this.metadataShard = {
      submit: async (type, request) => {
        const outcome = await this.#metadataRuntime.submit(metadataPartition, type, request);
        return outcome.ok ? outcome : withoutController;
      },
      settled: () => this.metadata.settled(),
    };
    this.fetchSessions = new FetchSessions(clock, rng, config.get("max.incremental.fetch.session.cache.slots"));
    this.#internalTopics = new InternalTopics(this.metadata, this.metadataShard, config, logger);
    this.#producerIds = new ProducerIdPool(this.metadataShard, this.nodeId);
    this.#connections = new Connections(config.get("queued.max.request.bytes"));
    this.#cleaning = new Repeated(clock, () => this.#clean());
    this.#intercept = options.intercept;
  }

  get services(): BrokerServices {
    return this;
  }

  get clusterId(): string {
    return this.metadata.clusterId;
  }

  get brokerEpoch(): number {
    return this.metadata.brokerEpoch;
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  start(endpoints: ReadonlyMap<string, Endpoint>): Promise<void> {
    this.#endpoints = endpoints;
    this.#started = this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const log =
      this.log.get(metadataTopic, metadataPartition) ??
      (await this.log.create(metadataLogAt, metadataLogConfig(this.config)));
    const leaderEpoch = log.leaderEpoch + 1;
    log.becomeLeader(leaderEpoch);
    await this.#metadataRuntime.load(metadataPartition, log, leaderEpoch);
    await this.#register();
    await this.metadata.start(); // groups load on: who asks for one meanwhile is told to come again (rule 2)
    warnOfUnkeptFlushes(this.metadata, this.config, this.logger);
    this.#cleaning.start(this.#cleaningPauseMs);
  }

  connect(peer: Peer): BrokerConnection {
    return this.#connections.open((queued) => new ClientConnection(this, servedApis, peer, queued, this.#intercept));
  }

  async leadAnew(topic: string, partition: number): Promise<void> {
    await this.#register(); // so that the next start's epoch is above this one's
    await this.metadata.leadAnew(topic, partition);
    await Promise.all([this.groups.loaded(), this.transactions.loaded()]);
  }

  /** Each start is a broker epoch of its own, from which leader epochs come. */
  async #register(): Promise<void> {
    const registered = await this.metadataShard.submit("RegisterBroker", { nodeId: this.nodeId });
    const errorCode = registered.ok ? registered.reply.errorCode : registered.errorCode;
    if (errorCode !== ErrorCode.NONE) throw new Error(`the metadata log takes no records: error ${errorCode}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#started.catch(() => undefined); // told to who started it
    this.#cleaning.stop();
    for (const callback of [...this.#onStopping]) callback();
    this.#metadataRuntime.stop(); // no topic is made or deleted from now on but those that are being so
    await this.metadata.settled(); // the groups hear of what is deleted: they still lead (rule 40)
    this.groups.stop();
    this.transactions.stop();
    await this.log.close();
  }

  onStopping(callback: () => void): () => void {
    if (this.isStopping) callback();
    else this.#onStopping.add(callback);
    return () => this.#onStopping.delete(callback);
  }

  endpoint(listener: string): Endpoint {
    const endpoint = this.#endpoints.get(listener);
    if (endpoint === undefined) throw new Error(`no listener is named ${listener}`);
    return endpoint;
  }

  partition(topic: string, partition: number): PartitionLookup {
    return this.metadata.partition(topic, partition);
  }

  partitionById(topicId: string, partition: number): PartitionLookup {
    return this.metadata.partitionById(topicId, partition);
  }

  groupPartition(groupId: string): number {
    return this.groups.partitionOf(groupId);
  }

  transactionPartition(transactionalId: string): number {
    return this.transactions.partitionOf(transactionalId);
  }

  writeTxnMarker(topic: string, partition: number, marker: TransactionMarker): Promise<ErrorCode> {
    return writeTxnMarker(topic, partition, marker, this);
  }

  createMissingTopic(topic: string): Promise<ErrorCode> {
    return this.#internalTopics.create(topic);
  }

  ensureInternalTopic(topic: string): Promise<ErrorCode> {
    return this.#internalTopics.ensure(topic);
  }

  allocateProducerId(): Promise<Outcome<number>> {
    return this.#producerIds.next();
  }

  producerIdAtHand(): Promise<ErrorCode> {
    return this.#producerIds.filled();
  }

  /** One round of retention and compaction. @returns the pause until the next. */
  async #clean(): Promise<number> {
    try {
      await this.log.clean(this.clock.now().wallMs);
    } catch (error) {
      this.logger.error({ err: error }, "retention and compaction failed");
    }
    return this.#cleaningPauseMs;
  }

  get #cleaningPauseMs(): number {
    return Math.min(this.config.get("log.cleaner.backoff.ms"), this.config.get("log.retention.check.interval.ms"));
  }
}

function metadataRules(config: BrokerConfig, nodeId: number): ConfigRules {
  return {
    nodeId,
    numPartitions: () => config.get("num.partitions"),
    topicDefault: (name) => config.topicDefault(name),
    brokerConfigKey: (name) => {
      const known = brokerConfigKey(name);
      return known?.dynamic ? known.key : undefined;
    },
  };
}

/** Compacted, so that it is as long as what is live; never deleted by age. */
function metadataLogConfig(config: BrokerConfig): LogConfig {
  return {
    ...logConfigOf((name) => config.topicDefault(name)),
    cleanupPolicy: { delete: false, compact: true },
    retentionMs: -1,
    retentionBytes: -1,
    segmentBytes: 16 * 1024 * 1024,
    maxMessageBytes: 8 * 1024 * 1024,
  };
}
