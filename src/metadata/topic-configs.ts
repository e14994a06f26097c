/** What may be set on a topic: Kafka's topic configs, the broker configs they fall back to, what is refused here. */
import {
  allOf,
  atLeast,
  between,
  boolean,
  type Check,
  ConfigError,
  type ConfigKey,
  double,
  int,
  list,
  long,
  oneOf,
  string,
} from "./config-def.ts";

export interface TopicConfigKey<T = unknown> {
  readonly key: ConfigKey<T>;
  /** The broker config that holds the default for all topics, where there is one. */
  readonly broker: string | undefined;
  /** False: only the default is taken, anything else is refused rather than kept without effect. */
  readonly settable: boolean;
}

const topic = <T>(key: ConfigKey<T>, broker?: string): TopicConfigKey<T> => ({ key, broker, settable: true });
const fixed = <T>(key: ConfigKey<T>, broker?: string): TopicConfigKey<T> => ({ key, broker, settable: false });

const gzipLevel: Check<number> = (value) =>
  value === -1 || (value >= 1 && value <= 9) ? undefined : "Value must be between 1 and 9 or equal to -1";

const throttledReplicas: Check<readonly string[]> = (entries, name) =>
  entries.every((entry) => entry === "*" || /^\d+:\d+$/.test(entry))
    ? undefined
    : `${name} must be the literal '*' or a list of replicas in the following format: ` +
      "[partitionId]:[brokerId],[partitionId]:[brokerId],...";

export const topicConfigs = {
  "cleanup.policy": topic(
    list(
      "delete",
      "What happens to old records: delete whole segments, compact by key, both or neither.",
      allOf("compact", "delete"),
    ),
    "log.cleanup.policy",
  ),
  "compression.gzip.level": fixed(int(-1, "Level of gzip.", gzipLevel), "compression.gzip.level"),
  "compression.lz4.level": fixed(int(9, "Level of lz4.", between(1, 17)), "compression.lz4.level"),
  "compression.type": topic(
    string(
      "producer",
      "How batches are stored: as the producer sent them, or with this codec.",
      oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
    ),
    "compression.type",
  ),
  "compression.zstd.level": fixed(int(3, "Level of zstd.", between(-131072, 22)), "compression.zstd.level"),
  "delete.retention.ms": topic(
    long(86_400_000, "How long compaction keeps tombstones.", atLeast(0)),
    "log.cleaner.delete.retention.ms",
  ),
  "file.delete.delay.ms": topic(
    long(60_000, "How long the files of deleted segments stay.", atLeast(0)),
    "log.segment.delete.delay.ms",
  ),
  "flush.messages": fixed(
    long("max", "Records after which the log is synced.", atLeast(1)),
    "log.flush.interval.messages",
  ),
  "flush.ms": fixed(long("max", "Milliseconds after which the log is synced.", atLeast(0))),
  "follower.replication.throttled.replicas": topic(
    list("", "Replicas whose followers are throttled; this broker has none.", throttledReplicas),
  ),
  "index.interval.bytes": topic(
    int(4096, "Bytes of log between two entries of the offset index.", atLeast(0)),
    "log.index.interval.bytes",
  ),
  "leader.replication.throttled.replicas": topic(
    list("", "Replicas whose leaders are throttled; this broker has none.", throttledReplicas),
  ),
  "local.retention.bytes": fixed(
    long(-2, "Tiered storage: bytes kept locally.", atLeast(-2)),
    "log.local.retention.bytes",
  ),
  "local.retention.ms": fixed(
    long(-2, "Tiered storage: milliseconds kept locally.", atLeast(-2)),
    "log.local.retention.ms",
  ),
  "max.compaction.lag.ms": topic(
    long("max", "At the latest after this time a record is compacted.", atLeast(1)),
    "log.cleaner.max.compaction.lag.ms",
  ),
  "max.message.bytes": topic(int(1_048_588, "Largest record batch that is taken.", atLeast(0)), "message.max.bytes"),
  "message.timestamp.after.max.ms": topic(
    long(3_600_000, "How far a timestamp may lie ahead of the broker's clock.", atLeast(0)),
    "log.message.timestamp.after.max.ms",
  ),
  "message.timestamp.before.max.ms": topic(
    long("max", "How far a timestamp may lie behind the broker's clock.", atLeast(0)),
    "log.message.timestamp.before.max.ms",
  ),
  "message.timestamp.type": topic(
    string(
      "CreateTime",
      "Whose time a record bears: its producer's or the append's.",
      oneOf("CreateTime", "LogAppendTime"),
    ),
    "log.message.timestamp.type",
  ),
  "min.cleanable.dirty.ratio": topic(
    double(0.5, "Share of uncompacted bytes at which compaction starts.", between(0, 1)),
    "log.cleaner.min.cleanable.ratio",
  ),
  "min.compaction.lag.ms": topic(
    long(0, "For this time a record is not compacted.", atLeast(0)),
    "log.cleaner.min.compaction.lag.ms",
  ),
  "min.insync.replicas": topic(
    int(1, "Replicas in sync below which acks=all is refused.", atLeast(1)),
    "min.insync.replicas",
  ),
  preallocate: fixed(boolean(false, "Allocate a segment's file whole when it is made."), "log.preallocate"),
  "remote.log.copy.disable": fixed(boolean(false, "Tiered storage: stop to copy.")),
  "remote.log.delete.on.disable": fixed(boolean(false, "Tiered storage: delete the remote part when it is disabled.")),
  "remote.storage.enable": fixed(boolean(false, "Tiered storage.")),
  "retention.bytes": topic(
    long(-1, "Bytes of a partition beyond which old segments are deleted; -1 is unlimited."),
    "log.retention.bytes",
  ),
  "retention.ms": topic(
    long(604_800_000, "Age beyond which segments are deleted; -1 is unlimited.", atLeast(-1)),
    "log.retention.ms",
  ),
  "segment.bytes": topic(
    int(1_073_741_824, "Size at which a new segment is begun.", atLeast(1_048_576)),
    "log.segment.bytes",
  ),
  "segment.index.bytes": fixed(int(10_485_760, "Size of an index file.", atLeast(4)), "log.index.size.max.bytes"),
  "segment.jitter.ms": fixed(
    long(0, "Random time by which a segment is begun earlier.", atLeast(0)),
    "log.roll.jitter.ms",
  ),
  "segment.ms": topic(long(604_800_000, "Age at which a new segment is begun.", atLeast(1)), "log.roll.ms"),
  "unclean.leader.election.enable": topic(
    boolean(false, "May a replica that lags lead; this broker has no other."),
    "unclean.leader.election.enable",
  ),
} as const;

export type TopicConfigName = keyof typeof topicConfigs;
export type TopicConfigValue<N extends TopicConfigName> =
  (typeof topicConfigs)[N] extends TopicConfigKey<infer T> ? T : never;

export function topicConfigKey(name: string): TopicConfigKey | undefined {
  return Object.hasOwn(topicConfigs, name) ? (topicConfigs[name as TopicConfigName] as TopicConfigKey) : undefined;
}

/**
 * Checks all that is set on a topic, one by one and together.
 * @param inForce a config's value where the topic itself sets none.
 * @throws {ConfigError} in Kafka's words; in our own for what this broker does not do.
 */
export function validateTopicConfigs(configs: ReadonlyMap<string, string>, inForce: (name: string) => string): void {
  for (const [name, text] of configs) {
    const config = topicConfigKey(name);
    if (config === undefined) throw new ConfigError(`Unknown topic config name: ${name}`);
    config.key.parse(name, text);
  }
  const number = (name: string) => Number(configs.get(name) ?? inForce(name));
  const [leastLag, mostLag] = [number("min.compaction.lag.ms"), number("max.compaction.lag.ms")];
  if (leastLag > mostLag) {
    throw new ConfigError(
      `conflict topic config setting min.compaction.lag.ms (${leastLag}) > max.compaction.lag.ms (${mostLag})`,
    );
  }
  for (const [name, text] of configs) refuseUnsupported(name, text, inForce);
}

function isFlush(name: string): boolean {
  return name === "flush.messages" || name === "flush.ms";
}

function refuseUnsupported(name: string, text: string, inForce: (name: string) => string): void {
  const { key, settable } = topicConfigKey(name)!;
  if (settable || key.canonical(text) === inForce(name)) return;
  if (isFlush(name) && inForce("flush.messages") === "1") return; // every append is synced: more than any of them asks
  if (name === "remote.storage.enable") {
    throw new ConfigError(
      "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
    );
  }
  throw new ConfigError(
    `Invalid value ${text.trim()} for configuration ${name}: regroup takes only its default here, ${inForce(name)}`,
  );
}
