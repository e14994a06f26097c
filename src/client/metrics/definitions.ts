/**
 * All metrics, by name. Those that begin with `messaging.` are OpenTelemetry's semantic conventions for messaging;
 * `org.apache.kafka.` is what Java's client reports to brokers (KIP-714), `{client}` being producer, consumer or admin;
 * `regroup.` is what neither has. docs/observability.md holds this table.
 */
import type { Metric } from "./metric.ts";

export interface Definition {
  readonly type: Metric["type"];
  readonly unit: string;
  readonly about: string;
  /** Beside those that all have. */
  readonly attributes?: string;
}

const recent = "over the last 30 to 60 s";

export const definitions = {
  "messaging.client.operation.duration": {
    type: "histogram",
    unit: "s",
    about: "requests that send (Produce), poll (Fetch, which waits for records) and commit (OffsetCommit)",
    attributes: "messaging.operation.name, messaging.operation.type, error.type when there was no answer",
  },
  "messaging.client.sent.messages": {
    type: "counter",
    unit: "{message}",
    about: "records whose fate was told: stored, or failed",
    attributes: "messaging.destination.name, error.type for those that failed",
  },
  "messaging.client.consumed.messages": {
    type: "counter",
    unit: "{message}",
    about: "records handed to the application",
    attributes: "messaging.destination.name",
  },
  "org.apache.kafka.{client}.connection.creation.total": {
    type: "counter",
    unit: "{connection}",
    about: "connections that became ready",
  },
  "org.apache.kafka.{client}.connection.count": {
    type: "gauge",
    unit: "{connection}",
    about: "connections that are ready",
  },
  "org.apache.kafka.{client}.request.total": {
    type: "counter",
    unit: "{request}",
    about: "requests answered, or given up",
  },
  "org.apache.kafka.{client}.outgoing.byte.total": { type: "counter", unit: "By", about: "bytes of those requests" },
  "org.apache.kafka.{client}.incoming.byte.total": { type: "counter", unit: "By", about: "bytes of their answers" },
  "org.apache.kafka.{client}.node.request.latency.avg": {
    type: "gauge",
    unit: "ms",
    about: `from request to answer, ${recent}`,
    attributes: "node_id",
  },
  "org.apache.kafka.{client}.node.request.latency.max": {
    type: "gauge",
    unit: "ms",
    about: `the longest of them, ${recent}`,
    attributes: "node_id",
  },
  "org.apache.kafka.producer.record.send.total": { type: "counter", unit: "{message}", about: "records stored" },
  "org.apache.kafka.producer.record.error.total": { type: "counter", unit: "{message}", about: "records that failed" },
  "org.apache.kafka.producer.record.retry.total": {
    type: "counter",
    unit: "{message}",
    about: "records in batches that are sent again",
  },
  "org.apache.kafka.producer.record.queue.time.avg": {
    type: "gauge",
    unit: "ms",
    about: `how long a batch waited before it was sent first, ${recent}`,
  },
  "org.apache.kafka.producer.record.queue.time.max": {
    type: "gauge",
    unit: "ms",
    about: `the longest such time, ${recent}`,
  },
  "org.apache.kafka.producer.buffer.total.bytes": { type: "gauge", unit: "By", about: "buffer.memory" },
  "org.apache.kafka.producer.buffer.available.bytes": {
    type: "gauge",
    unit: "By",
    about: "what records that are not settled leave of it",
  },
  "org.apache.kafka.producer.txn.init.time.ns.total": {
    type: "counter",
    unit: "ns",
    about: "time taken by initTransactions, also when the first transaction makes the call",
  },
  "org.apache.kafka.producer.txn.begin.time.ns.total": {
    type: "counter",
    unit: "ns",
    about: "time taken by beginTransaction, without the former",
  },
  "org.apache.kafka.producer.txn.send.offsets.time.ns.total": {
    type: "counter",
    unit: "ns",
    about: "time taken by sendOffsets",
  },
  "org.apache.kafka.producer.txn.commit.time.ns.total": {
    type: "counter",
    unit: "ns",
    about: "time taken by commit, with what it waits for",
  },
  "org.apache.kafka.producer.txn.abort.time.ns.total": {
    type: "counter",
    unit: "ns",
    about: "time taken by abort",
  },
  "org.apache.kafka.consumer.fetch.manager.fetch.latency.avg": {
    type: "gauge",
    unit: "ms",
    about: `of Fetch, which waits for records, ${recent}`,
  },
  "org.apache.kafka.consumer.fetch.manager.fetch.latency.max": {
    type: "gauge",
    unit: "ms",
    about: `the longest, ${recent}`,
  },
  "org.apache.kafka.consumer.fetch.manager.bytes.consumed.total": {
    type: "counter",
    unit: "By",
    about: "bytes of records fetched, as compressed",
    attributes: "topic",
  },
  "org.apache.kafka.consumer.fetch.manager.records.lag": {
    type: "gauge",
    unit: "{message}",
    about: "records between position and high watermark, as of the last fetch",
    attributes: "topic, partition",
  },
  "org.apache.kafka.consumer.fetch.manager.records.lag.max": {
    type: "gauge",
    unit: "{message}",
    about: "the most of any partition",
  },
  "org.apache.kafka.consumer.coordinator.commit.latency.avg": {
    type: "gauge",
    unit: "ms",
    about: `of OffsetCommit, ${recent}`,
  },
  "org.apache.kafka.consumer.coordinator.commit.latency.max": {
    type: "gauge",
    unit: "ms",
    about: `the longest, ${recent}`,
  },
  "org.apache.kafka.consumer.coordinator.heartbeat.total": {
    type: "counter",
    unit: "{request}",
    about: "heartbeats answered",
  },
  "org.apache.kafka.consumer.coordinator.assigned.partitions": {
    type: "gauge",
    unit: "{partition}",
    about: "partitions that it has",
  },
  "org.apache.kafka.consumer.coordinator.rebalance.total": {
    type: "counter",
    unit: "{rebalance}",
    about: "rebalances that ended with an assignment",
  },
  "org.apache.kafka.consumer.coordinator.failed.rebalance.total": {
    type: "counter",
    unit: "{rebalance}",
    about: "times that the membership ended while a rebalance was under way",
  },
  "org.apache.kafka.consumer.coordinator.rebalance.latency.avg": {
    type: "gauge",
    unit: "ms",
    about: `from the member's decision to join until it has its assignment, ${recent}`,
  },
  "org.apache.kafka.consumer.coordinator.rebalance.latency.max": {
    type: "gauge",
    unit: "ms",
    about: `the longest, ${recent}`,
  },
  "org.apache.kafka.consumer.coordinator.rebalance.latency.total": {
    type: "counter",
    unit: "ms",
    about: "all of them together",
  },
  "regroup.consumer.partition.pause": {
    type: "histogram",
    unit: "s",
    about: "the pause of each partition in each rebalance, as told above; 0 for what was kept",
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof definitions;
