/**
 * The broker configs that this broker acts on: Kafka's names and, where the comment does not say otherwise, Kafka's
 * defaults. A key that is not here is warned about at start. `dynamic` ones may be altered while the broker runs.
 */
import {
  atLeast,
  boolean,
  type Check,
  type ConfigKey,
  int,
  list,
  long,
  optional,
  short,
  string,
} from "../metadata/config-def.ts";
import { type TopicConfigName, topicConfigs } from "../metadata/topic-configs.ts";

export interface BrokerConfigKey<T = unknown> {
  readonly key: ConfigKey<T>;
  readonly dynamic: boolean;
}

const fixed = <T>(key: ConfigKey<T>): BrokerConfigKey<T> => ({ key, dynamic: false });
const dynamic = <T>(key: ConfigKey<T>): BrokerConfigKey<T> => ({ key, dynamic: true });

/** The default of a topic config for all topics: same type, same checks. */
const topicDefault = <N extends TopicConfigName>(name: N): BrokerConfigKey<TopicValue<N>> =>
  dynamic(topicConfigs[name].key as unknown as ConfigKey<TopicValue<N>>);
type TopicValue<N extends TopicConfigName> = (typeof topicConfigs)[N]["key"] extends ConfigKey<infer T> ? T : never;

/** Only one broker is there, so there is one replica of everything: Kafka's default for internal topics is 3. */
const oneReplica = (doc: string) =>
  short(1, doc, (value) => (value === 1 ? undefined : "Value must be 1: this broker is alone"));

/** Kafka takes any size here, then no topic may have it (KIP-1030), and no group ever finds its coordinator. */
const smallestSegment = atLeast(1_048_576);

/** Any number below zero is "unlimited" here, as in Kafka. */
const notZero: Check<number> = (value) => (value === 0 ? "Value must be unlimited (-1) or at least 1" : undefined);

export const brokerConfigs = {
  "node.id": fixed(int(1, "Id of this broker (Kafka has no default).", atLeast(0))),
  "broker.rack": fixed(optional(string("", "Rack of this broker, as Metadata tells it."))),
  listeners: fixed(
    list("PLAINTEXT://127.0.0.1:9092", "Where the broker listens, NAME://HOST:PORT; port 0 takes a free one."),
  ),
  "advertised.listeners": fixed(optional(list("", "What clients are told to connect to, if not `listeners`."))),
  "listener.security.protocol.map": fixed(
    list("PLAINTEXT:PLAINTEXT", "Which protocol a listener's name stands for; only PLAINTEXT is served."),
  ),
  "log.dir": fixed(optional(string("", "Folder of all data, if log.dirs is not set."))),
  "log.dirs": fixed(optional(list("", "Folder of all data; one (Kafka takes several)."))),

  "socket.request.max.bytes": fixed(int(104_857_600, "Largest request that is taken.", atLeast(1))),
  "socket.listen.backlog.size": fixed(int(50, "Connections that may wait to be accepted.", atLeast(1))),
  "max.connections": dynamic(
    int(2_147_483_647, "Connections at a time; who comes then waits until one goes.", atLeast(0)),
  ),
  "max.connections.per.ip": dynamic(
    int(2_147_483_647, "Connections at a time from one address; more are closed.", atLeast(0)),
  ),
  "connections.max.idle.ms": fixed(long(600_000, "An idle connection is closed after this time.")),
  "queued.max.request.bytes": fixed(
    long(-1, "Bytes of requests taken in and not answered, of all clients; -1 is unlimited."),
  ),
  "max.request.partition.size.limit": fixed(
    int(2000, "Partitions in one DescribeTopicPartitions response.", atLeast(1)),
  ),

  "auto.create.topics.enable": fixed(boolean(true, "Make a topic when a client first asks for it.")),
  "delete.topic.enable": fixed(boolean(true, "May topics be deleted.")),
  "num.partitions": fixed(int(1, "Partitions of a topic where none are named.", atLeast(1))),
  "default.replication.factor": fixed(oneReplica("Replicas of a topic where none are named.")),

  "fetch.max.bytes": fixed(int(57_671_680, "Most bytes in one Fetch response.", atLeast(1024))),
  "max.incremental.fetch.session.cache.slots": fixed(int(1000, "Fetch sessions that are kept.", atLeast(0))),
  "producer.id.expiration.ms": dynamic(int(86_400_000, "After this time an idle producer is forgotten.", atLeast(1))),

  "compression.type": topicDefault("compression.type"),
  "log.cleaner.backoff.ms": fixed(long(15_000, "Pause between two rounds of compaction.", atLeast(0))),
  "log.cleaner.delete.retention.ms": topicDefault("delete.retention.ms"),
  "log.cleaner.max.compaction.lag.ms": topicDefault("max.compaction.lag.ms"),
  "log.cleaner.min.cleanable.ratio": topicDefault("min.cleanable.dirty.ratio"),
  "log.cleaner.min.compaction.lag.ms": topicDefault("min.compaction.lag.ms"),
  "log.cleanup.policy": topicDefault("cleanup.policy"),
  "log.flush.interval.messages": fixed(
    long(
      1,
      "1: every record is synced before it is acknowledged; more: as the operating system does (Kafka's default).",
      atLeast(1),
    ),
  ),
  "log.index.interval.bytes": topicDefault("index.interval.bytes"),
  "log.message.timestamp.after.max.ms": topicDefault("message.timestamp.after.max.ms"),
  "log.message.timestamp.before.max.ms": topicDefault("message.timestamp.before.max.ms"),
  "log.message.timestamp.type": topicDefault("message.timestamp.type"),
  "log.retention.bytes": topicDefault("retention.bytes"),
  "log.retention.check.interval.ms": fixed(long(300_000, "Pause between two rounds of retention.", atLeast(1))),
  "log.retention.hours": fixed(int(168, "retention.ms of all topics, in hours.", notZero)),
  "log.retention.minutes": fixed(optional(int(0, "retention.ms of all topics, in minutes.", notZero))),
  "log.retention.ms": dynamic(optional(long(0, "retention.ms of all topics.", notZero))),
  "log.roll.hours": fixed(int(168, "segment.ms of all topics, in hours.", atLeast(1))),
  "log.roll.ms": dynamic(optional(long(1, "segment.ms of all topics.", atLeast(1)))),
  "log.segment.bytes": topicDefault("segment.bytes"),
  "log.segment.delete.delay.ms": topicDefault("file.delete.delay.ms"),
  "message.max.bytes": topicDefault("max.message.bytes"),
  "min.insync.replicas": topicDefault("min.insync.replicas"),
  "unclean.leader.election.enable": topicDefault("unclean.leader.election.enable"),

  "group.heartbeat.max.wait.ms": fixed(
    int(60_000, "Not in Kafka: a heartbeat that allows it is held back so long at most; 0: none is.", atLeast(0)),
  ),
  "group.initial.rebalance.delay.ms": fixed(
    int(3000, "Time for which the first rebalance waits for members.", atLeast(0)),
  ),
  "group.max.session.timeout.ms": fixed(int(1_800_000, "Longest session timeout.")),
  "group.max.size": fixed(int(2_147_483_647, "Members of a group.", atLeast(1))),
  "group.min.session.timeout.ms": fixed(int(6000, "Shortest session timeout.")),
  "offset.metadata.max.bytes": fixed(int(4096, "Length of the text beside a committed offset.", atLeast(0))),
  "offsets.retention.check.interval.ms": fixed(long(600_000, "Pause between two rounds of offset expiry.", atLeast(1))),
  "offsets.retention.minutes": fixed(int(10_080, "After this time an idle group's offsets expire.", atLeast(1))),
  "offsets.topic.num.partitions": fixed(int(50, "Partitions of __consumer_offsets.", atLeast(1))),
  "offsets.topic.replication.factor": fixed(oneReplica("Replicas of __consumer_offsets.")),
  "offsets.topic.segment.bytes": fixed(
    int(104_857_600, "segment.bytes of __consumer_offsets: at least 1048576.", smallestSegment),
  ),

  "add.partitions.to.txn.retry.backoff.max.ms": fixed(
    int(100, "So long a record waits for the end of the transaction before its own.", atLeast(0)),
  ),
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": fixed(
    int(10_000, "Pause between two looks for transactions that timed out.", atLeast(1)),
  ),
  "transaction.max.timeout.ms": fixed(
    int(900_000, "Longest transaction.timeout.ms that a producer may ask for.", atLeast(1)),
  ),
  "transaction.partition.verification.enable": dynamic(
    boolean(true, "Ask the coordinator whether what an older client writes is part of its transaction (KIP-890)."),
  ),
  "transaction.remove.expired.transaction.cleanup.interval.ms": fixed(
    int(3_600_000, "Pause between two looks for transactional ids that expired.", atLeast(1)),
  ),
  "transaction.state.log.min.isr": fixed(
    int(1, "min.insync.replicas of __transaction_state.", (value) =>
      value === 1 ? undefined : "Value must be 1: this broker is alone",
    ),
  ),
  "transaction.state.log.num.partitions": fixed(int(50, "Partitions of __transaction_state.", atLeast(1))),
  "transaction.state.log.replication.factor": fixed(oneReplica("Replicas of __transaction_state.")),
  "transaction.state.log.segment.bytes": fixed(
    int(104_857_600, "segment.bytes of __transaction_state: at least 1048576.", smallestSegment),
  ),
  "transactional.id.expiration.ms": fixed(
    int(604_800_000, "After this time without a transaction a transactional id is forgotten.", atLeast(1)),
  ),
} as const;

export type BrokerConfigName = keyof typeof brokerConfigs;
export type BrokerConfigValue<N extends BrokerConfigName> =
  (typeof brokerConfigs)[N] extends BrokerConfigKey<infer T> ? T : never;

export function brokerConfigKey(name: string): BrokerConfigKey | undefined {
  return Object.hasOwn(brokerConfigs, name) ? (brokerConfigs[name as BrokerConfigName] as BrokerConfigKey) : undefined;
}
