/** The producer: records in, offsets out. */

import { ErrorCode, isRetriable } from "../../protocol/errors.ts";
import { keyPartition } from "../../protocol/hash.ts";
import type { NewRecord } from "../../protocol/records/batch.ts";
import type { Cluster, TopicDescription } from "../cluster.ts";
import { InvalidStateError } from "../consumer/errors.ts";
import { brokerError, ClientConfigError, ClosedError, KafkaError } from "../errors.ts";
import type { ClientLogger } from "../logger.ts";
import { commonAttributes } from "../metrics/client-metrics.ts";
import type { Metric } from "../metrics/metric.ts";
import { TransactionTimes } from "../metrics/transaction-times.ts";
import type { ProducerConfig } from "../producer-keys.ts";
import { bytesSerializer, type SerdeContext, type Serializer } from "../serde.ts";
import type { RecordToSend } from "../topic-types.ts";
import { Transaction } from "../transaction/transaction.ts";
import { TransactionManager } from "../transaction/transaction-manager.ts";
import { abortable, callWithin, nowMs, within } from "../wait.ts";
import { type Delivery, sizeOf } from "./batch.ts";
import type { Outgoing } from "./partition-queue.ts";
import { StickyPartitions } from "./partitioner.ts";
import { headersOf, type ProducerRecord, type RecordMetadata, type Writable } from "./record.ts";
import { Sender } from "./sender.ts";

/** Kafka's brokers remember five batches of each producer and partition. */
const maxInFlightWithIdempotence = 5;

/** A record to be placed; blocked while its topic is not known or the memory is full. */
interface Candidate extends Outgoing {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Since when it waits. */
  readonly sinceMs: number;
}

/** For calls that wait. */
export interface SendOptions {
  /** The caller waits no longer. A record that waits for room or for its topic is not sent, others may still be. */
  readonly signal?: AbortSignal | undefined;
}

interface EnqueueCall {
  readonly nowAtMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A topic counts as in use again at most so often. */
const useResolutionMs = 1000;

/**
 * Idempotent unless `enable.idempotence` is false: a record that is sent again is stored once.
 * @example
 * await using producer = kafka.producer()
 * const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v' })
 */
export class Producer<K = Writable, V = Writable, Topics = unknown> implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #config: ProducerConfig;
  readonly #transactions: TransactionManager | undefined;
  readonly #transactionTimes = new TransactionTimes();
  readonly #sender: Sender;
  readonly #sticky: StickyPartitions;
  /** In the order of their calls. */
  #blocked: Candidate[] = [];
  #blockedTimer: NodeJS.Timeout | undefined;
  /** Topics in use, and when they last were. */
  readonly #topics = new Map<string, number>();
  readonly #stopListening: () => void;
  #closing: Promise<void> | undefined;

  /** Made by `kafka.producer()`. @throws {ClientConfigError} when keys contradict each other. */
  constructor(cluster: Cluster, config: ProducerConfig) {
    refuseContradictions(config);
    this.#cluster = cluster;
    this.#config = { ...config, enableIdempotence: isIdempotent(config, cluster.logger) };
    this.#transactions = this.#transactionManager();
    this.#sender = new Sender(cluster, this.#config, this.#transactions, () => this.#unblock());
    this.#sticky = new StickyPartitions(config.batchSize);
    this.#stopListening = cluster.onMetadata(() => {
      this.#forgetIdleTopics();
      this.#unblock();
      this.#sender.onMetadata();
    });
  }

  /**
   * Sends one record, together with others that come within linger.ms.
   * @returns where it was stored, once `acks` is fulfilled.
   * @throws {KafkaError} when it was not within delivery.timeout.ms, was refused, or could not be buffered within
   * max.block.ms (BUFFER_EXHAUSTED, or UNKNOWN_TOPIC_OR_PARTITION).
   * @throws {InvalidStateError} with a transactional.id: transactions send.
   */
  send(record: RecordToSend<K, V, Topics>, options?: SendOptions): Promise<RecordMetadata> {
    return this.#transactions === undefined ? this.#send(record, options) : Promise.reject(outside());
  }

  #send(record: RecordToSend<K, V, Topics>, { signal }: SendOptions = {}): Promise<RecordMetadata> {
    return abortable(signal, (resolve, reject) => {
      const { topic } = record;
      const delivery: Delivery = {
        done: (_index, partition, offset, timestamp) => resolve({ topic, partition, offset, timestamp }),
        failed: reject,
      };
      this.#enqueue(record, delivery, 0, { nowAtMs: nowMs(), signal });
    });
  }

  /**
   * Sends many records under one promise, which is cheaper than one for each.
   * @returns where they were stored, in the order given.
   * @throws the first error; the others are sent nevertheless.
   */
  sendBatch(records: readonly RecordToSend<K, V, Topics>[], options?: SendOptions): Promise<RecordMetadata[]> {
    return this.#transactions === undefined ? this.#sendBatch(records, options) : Promise.reject(outside());
  }

  /**
   * Runs the work in a transaction: what it sends by `tx`, and the offsets it commits by it, count together once the
   * work has returned, or not at all if it throws. One transaction at a time. Needs a `transactional.id`.
   * @returns what the work returns, once the transaction is committed.
   * @throws what the work throws; the transaction is then aborted.
   * @throws {TransactionAbortedError} nothing of it counts; do it again where `retriable` says that it can help.
   * @throws {ProducerFencedError | TransactionFailedError} the producer cannot go on: close it.
   * @throws {InvalidStateError} while another transaction of this producer is open.
   * @example
   * await producer.transaction(async (tx) => {
   *   await tx.send({ topic: 'payments', value })
   *   await tx.sendOffsets(membership, record) // consumer.groupMetadata(), taken before the record was read
   * })
   */
  async transaction<T>(work: (tx: Transaction<K, V, Topics>) => T | Promise<T>): Promise<T> {
    return (await this.beginTransaction()).around(work);
  }

  /**
   * For who ends a transaction by hand: `commit()` or `abort()` it, or have `await using` abort it. The first one also
   * fences older producers with the same `transactional.id`, and ends what they left open.
   * @throws as `transaction` does.
   */
  async beginTransaction(): Promise<Transaction<K, V, Topics>> {
    const manager = this.#transactional();
    await manager.begin();
    const send: Producer<K, V, Topics>["send"] = (record, options) => this.#send(record, options);
    const sendBatch: Producer<K, V, Topics>["sendBatch"] = (records, options) => this.#sendBatch(records, options);
    return new Transaction({ send, sendBatch }, manager);
  }

  /**
   * Fences older producers with the same `transactional.id`, and ends what they left open, before the first
   * transaction does so. @throws as `transaction` does.
   */
  async initTransactions(): Promise<void> {
    await this.#transactional().initialize();
  }

  #sendBatch(records: readonly RecordToSend<K, V, Topics>[], { signal }: SendOptions = {}): Promise<RecordMetadata[]> {
    return abortable(signal, (resolve, reject) => {
      const stored: RecordMetadata[] = new Array(records.length);
      let open = records.length;
      if (open === 0) resolve(stored);
      const delivery: Delivery = {
        done: (index, partition, offset, timestamp) => {
          stored[index] = { topic: records[index]!.topic, partition, offset, timestamp };
          if (--open === 0) resolve(stored);
        },
        failed: reject,
      };
      const call = { nowAtMs: nowMs(), signal };
      for (let index = 0; index < records.length; index++) this.#enqueue(records[index]!, delivery, index, call);
    });
  }

  /** Sends what waits without lingering; resolves when the fate of all records given before is told. */
  flush({ signal }: SendOptions = {}): Promise<void> {
    return abortable(signal, (resolve, reject) => void this.#flush().then(resolve, reject));
  }

  /** As of now; docs/observability.md tells each. */
  metrics(): Metric[] {
    const common = commonAttributes(this.#config.clientId);
    const client = this.#cluster.metrics.snapshot("producer", common);
    return [...client, ...this.#sender.metrics(common), ...this.#transactionTimes.snapshot(common)];
  }

  /**
   * Flushes for at most `timeoutMs` (default: delivery.timeout.ms), then disconnects. What is not delivered by then is
   * rejected.
   */
  close({ timeoutMs = this.#config.deliveryTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** For `await using`: closes it with its defaults. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #unblockListeners = new Map<Candidate, (() => void)[]>();

  #onceUnblocked(blocked: Candidate, callback: () => void): void {
    this.#unblockListeners.set(blocked, [...(this.#unblockListeners.get(blocked) ?? []), callback]);
  }

  async #flush(): Promise<void> {
    while (this.#blocked.length > 0) {
      const last = this.#blocked.at(-1)!;
      await new Promise<void>((resolve) => this.#onceUnblocked(last, resolve));
    }
    await this.#sender.flush();
  }

  #transactional(): TransactionManager {
    if (this.#closing !== undefined) throw new ClosedError("the producer is closed");
    if (this.#transactions !== undefined) return this.#transactions;
    throw new ClientConfigError("a producer without transactional.id has no transactions", "set transactional.id");
  }

  #transactionManager(): TransactionManager | undefined {
    const { transactionalId } = this.#config;
    if (transactionalId === undefined) return undefined;
    const records = {
      flush: () => this.#flush(),
      discard: (error: KafkaError) => this.#discard(error),
      startSequencesAnew: () => this.#sender.startSequencesAnew(),
      wake: () => this.#sender.onMetadata(),
    };
    return new TransactionManager(this.#cluster, this.#config, transactionalId, records, this.#transactionTimes);
  }

  async #discard(error: KafkaError): Promise<void> {
    clearTimeout(this.#blockedTimer);
    for (const blocked of this.#blocked.splice(0)) this.#fail(blocked, error);
    await this.#sender.discard(error);
  }

  async #close(timeoutMs: number): Promise<void> {
    const call = callWithin(timeoutMs);
    const ended = this.#transactions?.close() ?? this.flush();
    await within(ended, call, () => new ClosedError("flush took too long")).catch(() => undefined);
    clearTimeout(this.#blockedTimer);
    this.#stopListening();
    for (const blocked of this.#blocked.splice(0)) this.#fail(blocked, new ClosedError("the producer was closed"));
    this.#sender.close();
    await this.#cluster.close();
  }

  #enqueue(
    input: ProducerRecord<unknown, unknown>,
    delivery: Delivery,
    index: number,
    { nowAtMs, signal }: EnqueueCall,
  ): void {
    try {
      if (this.#closing !== undefined) throw new ClosedError("the producer is closed");
      signal?.throwIfAborted();
      const record = this.#serialized(input);
      const bytes = sizeOf(record);
      if (bytes > this.#config.maxRequestSize) throw tooLarge(input.topic, bytes, this.#config.maxRequestSize);
      const { topic, partition } = input;
      this.#use(topic, nowAtMs);
      const candidate = { topic, partition, record, bytes, delivery, index, signal, sinceMs: nowAtMs };
      if (this.#blocked.length > 0 || !this.#place(candidate, nowAtMs)) this.#block(candidate);
    } catch (error) {
      this.#transactions?.recordFailed(error, false);
      delivery.failed(error as Error);
    }
  }

  #serialized(input: ProducerRecord<unknown, unknown>): NewRecord {
    const { topic, key = null, value } = input;
    if (typeof topic !== "string" || topic === "") {
      throw new KafkaError(`topic: expected a name, got ${JSON.stringify(topic)}`, { code: "INVALID_ARGUMENT" });
    }
    if (value === undefined) {
      throw new KafkaError(`${topic}: a record needs a value`, {
        code: "INVALID_ARGUMENT",
        hint: "null is a tombstone",
      });
    }
    const headers = input.headers === undefined ? [] : headersOf(input.headers);
    const { keySerializer = bytesSerializer, valueSerializer = bytesSerializer } = this.#config;
    return {
      key: key === null ? null : serialized(keySerializer, key, { topic, headers, isKey: true }),
      value: value === null ? null : serialized(valueSerializer, value, { topic, headers, isKey: false }),
      timestamp: input.timestamp ?? Date.now(),
      headers,
    };
  }

  /** @returns false when the record must wait. @throws {KafkaError} when waiting would not help. */
  #place(candidate: Candidate, nowAtMs: number): boolean {
    const { topic, partition, record, bytes } = candidate;
    const described = this.#cluster.known.topics.get(topic);
    if (described === undefined || !isUsable(described)) return false;
    if (!this.#sender.hasRoomFor(bytes)) return false;
    const count = described.partitions.length;
    const chosen = partition ?? this.#choose(topic, record, bytes, count);
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= count) {
      const message = `${topic}: partition ${chosen} does not exist; there are ${count}, from 0`;
      throw new KafkaError(message, { code: "UNKNOWN_TOPIC_OR_PARTITION" });
    }
    this.#sender.append(topic, chosen, candidate, nowAtMs);
    return true;
  }

  #choose(topic: string, { key, value }: NewRecord, bytes: number, count: number): number {
    const { partitioner, partitionerIgnoreKeys } = this.#config;
    if (partitioner !== undefined) return partitioner({ topic, key, value }, count);
    if (key !== null && !partitionerIgnoreKeys) return keyPartition(key, count);
    return this.#sticky.next(topic, bytes, this.#cluster.known);
  }

  #use(topic: string, nowAtMs: number): void {
    const usedMs = this.#topics.get(topic);
    if (usedMs !== undefined && nowAtMs - usedMs < useResolutionMs) return;
    this.#topics.set(topic, nowAtMs);
    if (usedMs === undefined) this.#watchTopics();
  }

  /** Topics that nobody sent to for metadata.max.idle.ms are no longer asked for. */
  #forgetIdleTopics(): void {
    const waiting = new Set(this.#blocked.map(({ topic }) => topic));
    const before = this.#topics.size;
    for (const [topic, usedMs] of this.#topics) {
      if (nowMs() - usedMs > this.#config.metadataMaxIdleMs && !waiting.has(topic)) this.#topics.delete(topic);
    }
    if (this.#topics.size < before) this.#watchTopics();
  }

  #watchTopics(): void {
    this.#cluster.watch(new Set(this.#topics.keys()), { allowAutoTopicCreation: true });
  }

  #block(blocked: Candidate): void {
    this.#blocked.push(blocked);
    if (this.#blocked.length === 1) this.#armBlockedTimer();
  }

  #armBlockedTimer(): void {
    clearTimeout(this.#blockedTimer);
    const first = this.#blocked[0];
    if (first === undefined) return;
    this.#blockedTimer = setTimeout(
      () => this.#unblock(),
      Math.max(0, first.sinceMs + this.#config.maxBlockMs - nowMs()),
    );
  }

  /** Places what can be placed. A record that must go on waiting holds back the later ones of its topic. */
  #unblock(): void {
    if (this.#blocked.length === 0) return;
    const held = new Set<string>();
    const before = this.#blocked;
    this.#blocked = [];
    const still: Candidate[] = [];
    for (const blocked of before) {
      if (held.has(blocked.topic) || !this.#unblockOne(blocked)) {
        held.add(blocked.topic);
        still.push(blocked);
      }
    }
    this.#blocked = [...still, ...this.#blocked];
    this.#armBlockedTimer();
  }

  /** @returns false when it must go on waiting. */
  #unblockOne(blocked: Candidate): boolean {
    try {
      const nowAtMs = nowMs();
      blocked.signal?.throwIfAborted();
      if (!this.#place(blocked, nowAtMs)) {
        if (nowAtMs - blocked.sinceMs < this.#config.maxBlockMs) return false;
        throw this.#blockedTooLong(blocked);
      }
      this.#told(blocked);
    } catch (error) {
      this.#fail(blocked, error as Error);
    }
    return true;
  }

  #blockedTooLong({ topic }: Candidate): KafkaError {
    const { maxBlockMs, bufferMemory } = this.#config;
    const described = this.#cluster.known.topics.get(topic);
    if (described !== undefined && isUsable(described)) {
      const message = `${topic}: no room in buffer.memory (${bufferMemory} bytes) within max.block.ms (${maxBlockMs})`;
      return new KafkaError(message, { code: "BUFFER_EXHAUSTED", retriable: true, hint: "await what was sent before" });
    }
    this.#topics.delete(topic);
    this.#watchTopics();
    const code = described?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return brokerError(code, topic, `not in the cluster's metadata within max.block.ms (${maxBlockMs})`);
  }

  #fail(blocked: Candidate, error: Error): void {
    this.#transactions?.recordFailed(error, false);
    blocked.delivery.failed(error);
    this.#told(blocked);
  }

  #told(blocked: Candidate): void {
    for (const callback of this.#unblockListeners.get(blocked) ?? []) callback();
    this.#unblockListeners.delete(blocked);
  }
}

/** @throws {KafkaError} when the broker refuses the topic for good. */
function isUsable(topic: TopicDescription): boolean {
  if (topic.partitions.length > 0) return true;
  if (topic.errorCode !== ErrorCode.NONE && !isRetriable(topic.errorCode)) {
    throw brokerError(topic.errorCode, topic.topic);
  }
  return false;
}

function serialized(serialize: Serializer, value: unknown, context: SerdeContext): Uint8Array | null {
  try {
    return serialize(value, context);
  } catch (cause) {
    const { topic, isKey } = context;
    const message = `${topic}: the ${isKey ? "key" : "value"} cannot be serialized: ${(cause as Error).message}`;
    throw new KafkaError(message, { code: "SERIALIZATION_FAILED", cause });
  }
}

function outside(): InvalidStateError {
  return new InvalidStateError(
    "a producer with transactional.id sends in transactions only",
    "producer.transaction((tx) => tx.send(…))",
  );
}

function tooLarge(topic: string, bytes: number, maxRequestSize: number): KafkaError {
  return new KafkaError(`${topic}: a record of ${bytes} bytes is larger than max.request.size (${maxRequestSize})`, {
    code: "MESSAGE_TOO_LARGE",
    hint: "raise max.request.size, and max.message.bytes of the topic",
  });
}

function refuseContradictions(config: ProducerConfig): void {
  if (config.deliveryTimeoutMs < config.lingerMs + config.requestTimeoutMs) {
    throw new ClientConfigError("delivery.timeout.ms must be at least linger.ms + request.timeout.ms");
  }
}

/**
 * As in Java, acks and retries that forbid it put out an idempotence that nobody asked for by name.
 * @throws {ClientConfigError} when it was asked for, or too many requests are to be in flight.
 */
function isIdempotent(config: ProducerConfig, logger: ClientLogger): boolean {
  const isTransactional = config.transactionalId !== undefined;
  if (config.enableIdempotence === false && isTransactional) {
    throw new ClientConfigError("enable.idempotence must not be false for a producer with transactional.id");
  }
  if (config.enableIdempotence === false) return false;
  const why = isTransactional ? "or leave transactional.id out" : "or set enable.idempotence to false";
  const obstacle = config.acks !== -1 ? "acks must be all" : config.retries === 0 ? "retries must not be 0" : undefined;
  if (obstacle !== undefined && (config.enableIdempotence || isTransactional)) {
    throw new ClientConfigError(`${obstacle} for an idempotent producer`, why);
  }
  if (obstacle !== undefined) {
    logger.info({}, `the producer is not idempotent: ${obstacle} for that`);
    return false;
  }
  if (config.maxInFlightRequestsPerConnection > maxInFlightWithIdempotence) {
    throw new ClientConfigError("max.in.flight.requests.per.connection must be at most 5 for idempotence", why);
  }
  return true;
}
