/**
 * A broker: frames in, frames out, over a log. No sockets, no files, no clock of its own, and no module state.
 */
import type { Clock, Rng } from "../coordinator/clock.ts";
import { Runtime } from "../coordinator/runtime.ts";
import type { Log } from "../log/log.ts";
import { MetadataMachine } from "../metadata/machine.ts";
import { metadataCodec } from "../metadata/records.ts";
import { metadataTopic } from "../metadata/topic-names.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Platform } from "../protocol/platform.ts";
import { brokerConfigKey } from "./broker-configs.ts";
import type { BrokerConfig } from "./config.ts";
import { type BrokerConnection, ClientConnection, type Peer } from "./connection.ts";
import type { BrokerServices, Endpoint, Logger, MetadataShard } from "./context.ts";
import { FetchSessions } from "./fetch-sessions.ts";
import { GroupRuntime } from "./group-runtime.ts";
import { servedApis } from "./handlers/index.ts";
import { InternalTopics } from "./internal-topics.ts";
import { logConfigOf } from "./log-config.ts";
import { BrokerMetadata } from "./metadata-view.ts";
import { ProducerIdPool } from "./producer-ids.ts";

export interface BrokerOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly platform: Platform;
  readonly log: Log;
  readonly config: BrokerConfig;
  readonly logger: Logger;
  /** The folder of the log, for those who ask; "memory" where there is none. */
  readonly logDir?: string;
}

export interface Broker {
  readonly services: BrokerServices;
  /**
   * Loads what the log holds and registers this start.
   * @param endpoints by listener, where clients are told to connect; known once the listeners are bound.
   */
  start(endpoints: ReadonlyMap<string, Endpoint>): Promise<void>;
  /** A client has connected. */
  connect(peer: Peer): BrokerConnection;
  /** Answers what is parked with errors that make clients retry, and closes the log. */
  stop(): Promise<void>;
}

/** KRaft's id of the metadata topic. */
const metadataTopicId = "AAAAAAAAAAAAAAAAAAAAAQ";
const metadataPartition = 0;

export function createBroker(options: BrokerOptions): Broker {
  const { clock, rng, platform, log, config, logger, logDir = "memory" } = options;
  const nodeId = config.get("node.id");
  const stopping = new Set<() => void>();
  const connections = new Set<ClientConnection>();
  let endpoints: ReadonlyMap<string, Endpoint> = new Map();
  let isStopping = false;

  const groups = new GroupRuntime({ clock, rng, platform, config, logger });
  const metadata = new BrokerMetadata(log, config, logger, {
    led: (partition) => groups.lead(partition),
    deleted: (topics) => groups.topicsDeleted(topics),
  });
  const rules = {
    nodeId,
    numPartitions: () => config.get("num.partitions"),
    topicDefault: (name: string) => config.topicDefault(name),
    brokerConfigKey: (name: string) => {
      const known = brokerConfigKey(name);
      return known?.dynamic ? known.key : undefined;
    },
  };
  const shard = new Runtime({
    clock,
    rng,
    platform,
    codec: metadataCodec,
    machine: () => new MetadataMachine(rules),
    onFact: (fact) => metadata.apply(fact),
    onFailure: (_, error) => logger.error({ err: error }, "the metadata shard failed and loads again"),
  });
  const metadataShard: MetadataShard = {
    submit: (type, request) => shard.submit(metadataPartition, type, request),
    settled: () => metadata.settled(),
  };
  const internalTopics = new InternalTopics(metadata, metadataShard, config);
  const producerIds = new ProducerIdPool(metadataShard, nodeId);
  const queued = queuedBytes(config.get("queued.max.request.bytes"), connections);

  const services: BrokerServices = {
    clock,
    rng,
    platform,
    logger,
    log,
    config,
    nodeId,
    logDir,
    get clusterId() {
      return metadata.clusterId;
    },
    get brokerEpoch() {
      return metadata.brokerEpoch;
    },
    metadata,
    metadataShard,
    groups,
    fetchSessions: new FetchSessions(clock, rng, config.get("max.incremental.fetch.session.cache.slots")),
    get isStopping() {
      return isStopping;
    },
    onStopping(callback) {
      if (isStopping) callback();
      else stopping.add(callback);
      return () => stopping.delete(callback);
    },
    endpoint(listener) {
      const endpoint = endpoints.get(listener);
      if (endpoint === undefined) throw new Error(`no listener is named ${listener}`);
      return endpoint;
    },
    partition: (topic, partition) => metadata.partition(topic, partition),
    partitionById: (topicId, partition) => metadata.partitionById(topicId, partition),
    groupPartition: (groupId) => groups.partitionOf(groupId),
    createMissingTopic: (topic) => internalTopics.create(topic),
    ensureInternalTopic: (topic) => internalTopics.ensure(topic),
    allocateProducerId: () => producerIds.next(),
  };

  const pauseMs = () => Math.min(config.get("log.cleaner.backoff.ms"), config.get("log.retention.check.interval.ms"));
  const cleaning = repeat(clock, pauseMs, () => log.clean(clock.now().wallMs));

  return {
    services,
    async start(bound) {
      endpoints = bound;
      const opened =
        log.get(metadataTopic, metadataPartition) ?? (await log.create(metadataLogAt, metadataLogConfig(config)));
      const leaderEpoch = opened.leaderEpoch + 1;
      opened.becomeLeader(leaderEpoch);
      await shard.load(metadataPartition, opened, leaderEpoch);
      const registered = await metadataShard.submit("RegisterBroker", { nodeId });
      const errorCode = registered.ok ? registered.reply.errorCode : registered.errorCode;
      if (errorCode !== ErrorCode.NONE) throw new Error(`the metadata log takes no records: error ${errorCode}`);
      await metadata.start();
      await groups.loaded();
      cleaning.start();
    },
    connect(peer) {
      const connection = new ClientConnection(services, servedApis, peer, queued);
      connections.add(connection);
      connection.onClosed(() => connections.delete(connection));
      return connection;
    },
    async stop() {
      if (isStopping) return;
      isStopping = true;
      cleaning.stop();
      for (const callback of [...stopping]) callback();
      groups.stop();
      await metadata.settled();
      shard.stop();
      await log.close();
    },
  };
}

const metadataLogAt = { topic: metadataTopic, partition: metadataPartition, topicId: metadataTopicId };

/** Compacted, so that it is as long as what is live; never deleted by age. */
function metadataLogConfig(config: BrokerConfig) {
  const standard = logConfigOf((name) => config.topicDefault(name));
  return {
    ...standard,
    cleanupPolicy: { delete: false, compact: true },
    retentionMs: -1,
    retentionBytes: -1,
    segmentBytes: 16 * 1024 * 1024,
    maxMessageBytes: 8 * 1024 * 1024,
  };
}

/** Counts what waits or runs; over the limit nobody is read from until it is below again. */
function queuedBytes(limit: number, connections: ReadonlySet<ClientConnection>) {
  let bytes = 0;
  const told = (was: boolean) => {
    const is = limit > 0 && bytes > limit;
    if (is !== was) for (const connection of connections) connection.holdAll(is);
  };
  const change = (by: number) => {
    const was = limit > 0 && bytes > limit;
    bytes += by;
    told(was);
  };
  return { add: (more: number) => change(more), remove: (less: number) => change(-less) };
}

/** Does the work again and again, `pauseMs` after the last time. */
function repeat(clock: Clock, pauseMs: () => number, work: () => Promise<void>) {
  let cancel: (() => void) | undefined;
  let isOn = false;
  const next = () => {
    if (isOn) cancel = clock.after(pauseMs(), run);
  };
  const run = () => void work().finally(next);
  return {
    start() {
      isOn = true;
      next();
    },
    stop() {
      isOn = false;
      cancel?.();
    },
  };
}
