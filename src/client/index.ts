/**
 * What `regroup/client` exports: producer, consumer and admin for any Kafka, and the assignors.
 * @module regroup/client
 */
export type { PartitionAssignor } from "../assignment/partition-assignor.ts";
export { standardAssignors } from "../assignment/standard-assignors.ts";
export { Admin } from "./admin/admin.ts";
export { type AdminOptions, ItemsError } from "./admin/attempts.ts";
export type { ConfigChange, ConfigEntry, ConfigQuery, DescribedConfigs } from "./admin/configs.ts";
export type { ClusterDescription } from "./admin/describe-cluster.ts";
export type {
  GroupDescription,
  GroupListing,
  MemberDescription,
  MemberToRemove,
  RebalanceDescription,
} from "./admin/groups.ts";
export type { CommittedOffset, ListedOffset, NewOffset, OffsetQuery, OffsetSpec } from "./admin/offsets.ts";
export type { CreatedTopic, DeletedRecords, NewPartitions, NewTopic, RecordsBefore } from "./admin/topics.ts";
export type {
  FencedProducer,
  PartitionProducers,
  ProducerState,
  TransactionDescription,
  TransactionListing,
  TransactionToAbort,
} from "./admin/transactions.ts";
export type { AdminConfigInput } from "./admin-keys.ts";
export type { ClientConfigInput } from "./client-keys.ts";
export type { BrokerNode, PartitionMetadata, TopicDescription } from "./cluster.ts";
export type { CommitInput } from "./consumer/commit-input.ts";
export type { OffsetToCommit } from "./consumer/committer.ts";
export { type CloseOptions, Consumer, type SeekTarget } from "./consumer/consumer.ts";
export { ConsumerRecord } from "./consumer/consumer-record.ts";
export {
  CommitFailedError,
  CorruptRecordsError,
  DeserializationError,
  InvalidStateError,
  LogTruncationError,
  MessageFormatError,
  NoOffsetForPartitionError,
  OffsetOutOfRangeError,
} from "./consumer/errors.ts";
export type { ConsumerBatch, LoopOptions } from "./consumer/loops.ts";
export type { HandlerContext, RunOptions } from "./consumer/run.ts";
export type { SubscriptionInput } from "./consumer/subscription.ts";
export type { ConsumerConfigInput, RebalanceListener } from "./consumer-keys.ts";
export type { ConnectedEvent, DisconnectedEvent, RebalanceEvent, RequestEvent } from "./diagnostics.ts";
export {
  AuthenticationError,
  BrokerError,
  ClientConfigError,
  ClosedError,
  KafkaError,
  NetworkError,
  RequestTimeoutError,
  UnsupportedVersionError,
} from "./errors.ts";
export { Kafka } from "./kafka.ts";
export type { Attributes, HistogramMetric, Metric, NumberMetric } from "./metrics/metric.ts";
export { Producer, type SendOptions } from "./producer/producer.ts";
export type { HeadersInput, ProducerRecord, RecordMetadata } from "./producer/record.ts";
export type { Partitioner, ProducerConfigInput } from "./producer-keys.ts";
export type { Deserializer, SerdeContext, Serializer } from "./serde.ts";
export type { TopicPartition } from "./topic-partition.ts";
export type { BatchRead, RecordRead, RecordToSend, TopicName } from "./topic-types.ts";
export {
  ProducerFencedError,
  TransactionAbortedError,
  type TransactionError,
  TransactionFailedError,
} from "./transaction/errors.ts";
export { type ExactlyOnceOptions, exactlyOnce } from "./transaction/exactly-once.ts";
export { type OffsetsOf, Transaction } from "./transaction/transaction.ts";
export type { GroupMetadata } from "./transaction/transaction-calls.ts";
