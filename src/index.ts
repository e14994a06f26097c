/** What the npm package `regroup` exports. */
export type { PartitionAssignor } from "./assignment/partition-assignor.ts";
export { standardAssignors } from "./assignment/standard-assignors.ts";
export { type Broker, type BrokerOptions, createBroker } from "./broker/broker.ts";
export { BrokerConfig } from "./broker/config.ts";
export { loadConfig } from "./broker/config-sources.ts";
export type { Endpoint, Logger } from "./broker/context.ts";
export { Admin } from "./client/admin/admin.ts";
export { type AdminOptions, ItemsError } from "./client/admin/attempts.ts";
export type { ConfigChange, ConfigEntry, ConfigQuery, DescribedConfigs } from "./client/admin/configs.ts";
export type { ClusterDescription } from "./client/admin/describe-cluster.ts";
export type { GroupDescription, GroupListing, MemberDescription, MemberToRemove } from "./client/admin/groups.ts";
export type { CommittedOffset, ListedOffset, NewOffset, OffsetQuery, OffsetSpec } from "./client/admin/offsets.ts";
export type { CreatedTopic, DeletedRecords, NewPartitions, NewTopic, RecordsBefore } from "./client/admin/topics.ts";
export type { AdminConfigInput } from "./client/admin-keys.ts";
export type { ClientConfigInput } from "./client/client-keys.ts";
export type { BrokerNode, PartitionMetadata, TopicDescription } from "./client/cluster.ts";
export type { OffsetToCommit } from "./client/consumer/committer.ts";
export { type CloseOptions, type CommitInput, Consumer, type SeekTarget } from "./client/consumer/consumer.ts";
export { ConsumerRecord } from "./client/consumer/consumer-record.ts";
export {
  CommitFailedError,
  CorruptRecordsError,
  DeserializationError,
  InvalidStateError,
  LogTruncationError,
  NoOffsetForPartitionError,
  OffsetOutOfRangeError,
} from "./client/consumer/errors.ts";
export type { ConsumerBatch } from "./client/consumer/loops.ts";
export type { HandlerContext, RunOptions } from "./client/consumer/run.ts";
export type { SubscriptionInput } from "./client/consumer/subscription.ts";
export type { ConsumerConfigInput, RebalanceListener } from "./client/consumer-keys.ts";
export type { ConnectedEvent, DisconnectedEvent, RequestEvent } from "./client/diagnostics.ts";
export {
  AuthenticationError,
  BrokerError,
  ClientConfigError,
  ClosedError,
  KafkaError,
  NetworkError,
  RequestTimeoutError,
  UnsupportedVersionError,
} from "./client/errors.ts";
export { Kafka } from "./client/kafka.ts";
export { Producer } from "./client/producer/producer.ts";
export type { HeadersInput, ProducerRecord, RecordMetadata } from "./client/producer/record.ts";
export type { Partitioner, ProducerConfigInput } from "./client/producer-keys.ts";
export type { Deserializer, SerdeContext, Serializer } from "./client/serde.ts";
export type { TopicPartition } from "./client/topic-partition.ts";
export type { Clock, Instant, Rng } from "./coordinator/clock.ts";
export { type Log, LogError } from "./log/log.ts";
export { openMemoryLog } from "./log/memory/memory-log.ts";
export { ConfigError } from "./metadata/config-def.ts";
export { nodePlatform } from "./platform/node-platform.ts";
export { plainPlatform } from "./protocol/plain-platform.ts";
export type { Platform } from "./protocol/platform.ts";
export { StartError } from "./server/listen.ts";
export { machineClock, machineRng } from "./server/machine-clock.ts";
export { type StartedServer, type StartServerOptions, startServer } from "./server/start-server.ts";
