/**
 * Sends the batches of all partitions to their leaders and settles them. Per partition the order of the records is
 * kept, also when batches are sent again: after a failure nothing of the partition leaves until everything in flight is
 * answered, and then the oldest goes first, alone. A batch that the broker finds too large is halved. An idempotent
 * producer's batches keep their sequence numbers, by which the broker knows a repetition (KIP-98); a batch that is
 * given up leaves a hole in them, and a new epoch begins (KIP-360), or its transaction is aborted.
 */
import { ErrorCode } from "../../protocol/errors.ts";
import { backoffMs } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { ClosedError, KafkaError, RequestTimeoutError } from "../errors.ts";
import type { Attributes, Metric } from "../metrics/metric.ts";
import { ProducerMetrics } from "../metrics/producer-metrics.ts";
import type { ProducerConfig } from "../producer-keys.ts";
import { concurrentBackoff } from "../transaction/transaction-calls.ts";
import type { TransactionManager } from "../transaction/transaction-manager.ts";
import { nowMs } from "../wait.ts";
import type { ProducerBatch } from "./batch.ts";
import { type Outgoing, PartitionQueue } from "./partition-queue.ts";
import { type PartitionResult, produce } from "./produce-call.ts";
import { isPassing, ProducerIdentity } from "./producer-identity.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export class Sender {
  readonly #cluster: Cluster;
  readonly #config: ProducerConfig;
  /** Undefined in a transactional producer: `#transaction` has it. */
  readonly #identity: ProducerIdentity | undefined;
  readonly #transaction: TransactionManager | undefined;
  readonly #onMemoryFreed: () => void;
  /** By topic and partition. */
  readonly #queues = new Map<string, PartitionQueue[]>();
  /** Queues with something to send or to be answered. */
  readonly #busy = new Set<PartitionQueue>();
  readonly #requestsInFlight = new Map<number, number>();
  readonly #metrics = new ProducerMetrics();
  #usedBytes = 0;
  #flushes = 0;
  #needsNewEpoch = false;
  #wake: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #isDraining = false;
  #isClosed = false;

  /** @param onMemoryFreed called when records are settled and their bytes are free again. */
  constructor(
    cluster: Cluster,
    config: ProducerConfig,
    transaction: TransactionManager | undefined,
    onMemoryFreed: () => void,
  ) {
    this.#cluster = cluster;
    this.#config = config;
    this.#transaction = transaction;
    const hasOwn = config.enableIdempotence === true && transaction === undefined;
    this.#identity = hasOwn ? new ProducerIdentity(cluster) : undefined;
    this.#onMemoryFreed = onMemoryFreed;
  }

  /** One record is always taken, however large: what is larger than max.request.size was refused before. */
  hasRoomFor(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#config.bufferMemory;
  }

  /** @param nowAtMs on the clock of `nowMs()`. */
  append(topic: string, partition: number, outgoing: Outgoing, nowAtMs: number): void {
    const { batchSize, lingerMs } = this.#config;
    const queue = this.#queueOf(topic, partition);
    this.#usedBytes += outgoing.bytes;
    queue.append(outgoing, batchSize, nowAtMs);
    this.#busy.add(queue);
    this.#wakeAt(this.#flushes > 0 ? nowAtMs : Math.max(nowAtMs, queue.readyMs(lingerMs, batchSize)));
  }

  /** Resolves when the fate of every record that was appended before is told. */
  async flush(): Promise<void> {
    const open = [...this.#busy].flatMap(({ waiting, inFlight }) => [...waiting, ...inFlight]);
    this.#flushes++;
    this.#wakeAt(nowMs());
    await Promise.all(open.map((batch) => new Promise<void>((resolve) => batch.onSettled(resolve))));
    this.#flushes--;
  }

  /** Fails what waits. Resolves when nothing is in flight; that is not sent again in a transaction that ends. */
  async discard(error: KafkaError): Promise<void> {
    this.#giveUpAll(error);
    const open = [...this.#busy].flatMap(({ inFlight }) => [...inFlight]);
    await Promise.all(open.map((batch) => new Promise<void>((resolve) => batch.onSettled(resolve))));
  }

  /** Another producer epoch begins. */
  startSequencesAnew(): void {
    for (const queues of this.#queues.values()) for (const queue of queues) queue?.startSequencesAnew();
  }

  metrics(common: Attributes): Metric[] {
    const { bufferMemory: totalBytes } = this.#config;
    const availableBytes = Math.max(0, totalBytes - this.#usedBytes);
    return this.#metrics.snapshot(common, { totalBytes, availableBytes });
  }

  /** Gives up what is not settled. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.cancel();
    for (const queue of this.#busy) {
      for (const batch of [...queue.inFlight, ...queue.waiting.splice(0)]) {
        const what = `${batch.topic}-${batch.partition}`;
        this.#failed(batch, new ClosedError(`${what}: the producer was closed before its records were sent`));
      }
    }
    this.#busy.clear();
  }

  /** Leaders may be known now, or others. */
  onMetadata(): void {
    if (this.#busy.size > 0) this.#wakeAt(nowMs());
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    let queues = this.#queues.get(topic);
    if (queues === undefined) {
      queues = [];
      this.#queues.set(topic, queues);
    }
    queues[partition] ??= new PartitionQueue(topic, partition);
    return queues[partition];
  }

  #wakeAt(atMs: number): void {
    if (this.#isClosed || atMs === Number.POSITIVE_INFINITY) return;
    if (this.#wake !== undefined) {
      if (this.#wake.atMs <= atMs) return;
      this.#wake.cancel();
    }
    const wake = () => {
      this.#wake = undefined;
      void this.#drain();
    };
    const delayMs = atMs - nowMs();
    if (delayMs > 0) {
      const timer = setTimeout(wake, delayMs);
      this.#wake = { atMs, cancel: () => clearTimeout(timer) };
    } else {
      const immediate = setImmediate(wake); // a timer takes a millisecond at least
      this.#wake = { atMs, cancel: () => clearImmediate(immediate) };
    }
  }

  async #drain(): Promise<void> {
    if (this.#isDraining || this.#isClosed) return;
    this.#isDraining = true;
    try {
      if (!(await this.#isIdentified()) || this.#isClosed) return;
      let nextMs = this.#sendReady();
      while (nextMs === 0) nextMs = this.#sendReady();
      this.#wakeAt(nextMs);
    } finally {
      this.#isDraining = false;
    }
  }

  /** @returns false while there is no producer id, or an old epoch must end first. */
  async #isIdentified(): Promise<boolean> {
    const identity = this.#identity;
    if (identity === undefined) return true;
    if (this.#needsNewEpoch) {
      if (this.#requestsInFlight.size > 0) return false;
      this.#needsNewEpoch = false;
      identity.raise();
      this.startSequencesAnew();
    }
    if (identity.current !== undefined) return true;
    try {
      await identity.ask();
      return true;
    } catch (error) {
      if (isPassing(error)) {
        this.#expire();
        this.#wakeAt(nowMs() + this.#config.retryBackoffMs);
      } else this.#giveUpAll(error as Error);
      return false;
    }
  }

  /** One request to each leader that may take one. @returns 0 when there may be more, else when to look again. */
  #sendReady(): number {
    this.#expire();
    const { lingerMs, batchSize, maxInFlightRequestsPerConnection, maxRequestSize, retryBackoffMs } = this.#config;
    const nowAtMs = nowMs();
    const requests = new Map<number, { batches: ProducerBatch[]; bytes: number }>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#busy) {
      const readyMs = queue.readyMs(this.#flushes > 0 ? 0 : lingerMs, batchSize);
      if (readyMs > nowAtMs) {
        nextMs = Math.min(nextMs, readyMs, this.#expiryOf(queue));
        continue;
      }
      if (this.#transaction?.admits(queue.topic, queue.partition) === false) continue;
      const leader = this.#cluster.leaderOf(queue.topic, queue.partition);
      if (leader === undefined) {
        this.#cluster.refreshSoon();
        nextMs = Math.min(nextMs, nowAtMs + retryBackoffMs);
        continue;
      }
      if ((this.#requestsInFlight.get(leader) ?? 0) >= maxInFlightRequestsPerConnection) continue;
      const request = requests.get(leader) ?? { batches: [], bytes: 0 };
      const size = queue.waiting[0]!.sizeInBytes;
      if (request.batches.length > 0 && request.bytes + size > maxRequestSize) continue;
      request.batches.push(this.#stamped(queue));
      request.bytes += size;
      requests.set(leader, request);
    }
    for (const [leader, { batches }] of requests) void this.#send(leader, batches);
    return requests.size > 0 ? 0 : nextMs;
  }

  #expiryOf({ waiting }: PartitionQueue): number {
    const first = waiting[0];
    return first === undefined ? Number.POSITIVE_INFINITY : first.createdMs + this.#config.deliveryTimeoutMs;
  }

  #stamped(queue: PartitionQueue): ProducerBatch {
    const batch = queue.take();
    const atMs = nowMs();
    if (batch.attempts === 1) this.#metrics.left(atMs - batch.createdMs, atMs);
    const identity = this.#identity?.current ?? this.#transaction?.identity;
    if (identity !== undefined && batch.stamp === undefined) {
      const transactional = this.#transaction !== undefined;
      batch.restamp({ ...identity, baseSequence: queue.nextSequence, transactional });
      queue.nextSequence = batch.nextSequence;
    }
    return batch;
  }

  async #send(leader: number, batches: readonly ProducerBatch[]): Promise<void> {
    this.#requestsInFlight.set(leader, (this.#requestsInFlight.get(leader) ?? 0) + 1);
    let results: Map<ProducerBatch, PartitionResult> | undefined;
    let failure: unknown;
    try {
      results = await produce(this.#cluster, this.#config, leader, batches, this.#transaction);
    } catch (error) {
      failure = error;
    }
    const left = this.#requestsInFlight.get(leader)! - 1;
    if (left === 0) this.#requestsInFlight.delete(leader);
    else this.#requestsInFlight.set(leader, left);
    if (this.#isClosed) return;
    for (const batch of batches) this.#settle(batch, results?.get(batch), failure);
    this.#wakeAt(nowMs());
  }

  #settle(batch: ProducerBatch, result: PartitionResult | undefined, failure: unknown): void {
    const queue = this.#queueOf(batch.topic, batch.partition);
    const verdict = verdictOf(batch, queue, result, failure);
    if (verdict.refreshes) this.#cluster.refreshSoon();
    if (verdict.newEpoch) this.#needsNewEpoch = true;
    const mayRetry = this.#transaction === undefined || (this.#transaction.mayRetry && !verdict.newEpoch);
    if (verdict.kind === "split" && mayRetry) return queue.split(batch, nowMs());
    if (verdict.kind === "retry" && mayRetry && batch.attempts <= this.#config.retries) {
      this.#metrics.retried(batch.count);
      queue.putBack(batch, nowMs() + this.#pauseMs(batch, verdict.error));
      return;
    }
    queue.settled(batch);
    this.#tell(batch, verdict);
    this.#release(queue, batch);
  }

  /** The transaction before takes milliseconds to end: its coordinator has answered already. */
  #pauseMs({ attempts }: ProducerBatch, error: Error): number {
    const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = this.#config;
    const isConcurrent = error instanceof KafkaError && error.errorCode === ErrorCode.CONCURRENT_TRANSACTIONS;
    return backoffMs(isConcurrent ? concurrentBackoff : { initialMs, maxMs }, attempts - 1);
  }

  #tell(batch: ProducerBatch, verdict: Verdict): void {
    if (verdict.kind === "stored") {
      this.#metrics.settled(batch.topic, batch.count, undefined);
      return batch.done(verdict.baseOffset, verdict.logAppendTimeMs);
    }
    if (batch.stamp !== undefined) this.#needsNewEpoch = true;
    this.#failed(batch, verdict.error);
  }

  #failed(batch: ProducerBatch, error: Error): void {
    this.#metrics.settled(batch.topic, batch.count, error);
    this.#transaction?.recordFailed(error, batch.stamp !== undefined);
    batch.failed(error);
  }

  /** Batches that have waited for delivery.timeout.ms are given up. */
  #expire(): void {
    const nowAtMs = nowMs();
    for (const queue of this.#busy) {
      while (this.#expiryOf(queue) <= nowAtMs) {
        const batch = queue.waiting.shift()!;
        const waitedMs = Math.round(nowAtMs - batch.createdMs);
        const what = `${batch.topic}-${batch.partition}: ${batch.count} records were not delivered within`;
        const cause = batch.lastError;
        if (batch.stamp !== undefined) this.#needsNewEpoch = true;
        this.#failed(batch, new RequestTimeoutError(`${what} delivery.timeout.ms (${waitedMs} ms)`, cause));
        this.#release(queue, batch);
      }
    }
  }

  #giveUpAll(error: Error): void {
    for (const queue of this.#busy) {
      for (const batch of queue.waiting.splice(0)) {
        this.#failed(batch, error instanceof KafkaError ? error : new ClosedError(String(error)));
        this.#release(queue, batch);
      }
    }
  }

  #release(queue: PartitionQueue, batch: ProducerBatch): void {
    if (queue.isIdle) this.#busy.delete(queue);
    this.#usedBytes -= batch.recordBytes;
    this.#onMemoryFreed();
  }
}
