/**
 * Fetches ahead of the application, from each partition's leader: what is assigned, not paused, and not full. A node
 * has two lanes. The first carries a fetch session and waits for records. Partitions that become fetchable while it
 * waits (assigned, sought, drained) go at once by the second, without a session.
 */
import { Fetch } from "../../protocol/apis/fetch.ts";
import { ErrorCode, isRetriable } from "../../protocol/errors.ts";
import { type ResponseOf, zeroUuid } from "../../protocol/schema.ts";
import type { Cluster } from "../cluster.ts";
import type { ConsumerConfig } from "../consumer-keys.ts";
import { brokerError, ClosedError, KafkaError } from "../errors.ts";
import { partitionKey } from "../topic-partition.ts";
import { nowMs } from "../wait.ts";
import { CorruptRecordsError, MessageFormatError } from "./errors.ts";
import { type FetchPosition, FetchSession, sessionless } from "./fetch-session.ts";
import { FetchedRecords } from "./fetched-records.ts";
import type { ReadPartition } from "./read-partition.ts";

type Answer = ResponseOf<typeof Fetch>;
type PartitionAnswer = Answer["responses"][number]["partitions"][number];

interface NodeLanes {
  readonly session: FetchSession;
  readonly busy: [session: boolean, extra: boolean];
  isBackingOff: boolean;
}

/** A partition that a fetch names, and its version then: of a later one the answer tells nothing. */
interface Sent {
  readonly partition: ReadPartition;
  readonly was: number;
}

export interface FetcherHooks {
  /** Records are there, or an error that the application is to be told. */
  ready(): void;
  fetched(topic: string, bytes: number): void;
  /** The position must be found. */
  locate(): void;
  /** No fetch can succeed any more. */
  failed(error: Error): void;
}

/** The second lane waits briefly: it must be free for what becomes fetchable next. */
const secondLaneWaitMs = 50;
const goodbyeTimeoutMs = 1000;
/** From version 13 on topics are named by their ids. */
const lastVersionWithNames = 12;

export class Fetcher {
  readonly #cluster: Cluster;
  readonly #config: ConsumerConfig;
  readonly #partitions: ReadonlyMap<string, ReadPartition>;
  readonly #hooks: FetcherHooks;
  readonly #nodes = new Map<number, NodeLanes>();
  readonly #closing = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isKicked = false;

  constructor(
    cluster: Cluster,
    config: ConsumerConfig,
    partitions: ReadonlyMap<string, ReadPartition>,
    hooks: FetcherHooks,
  ) {
    this.#cluster = cluster;
    this.#config = config;
    this.#partitions = partitions;
    this.#hooks = hooks;
  }

  /** Something may be fetchable that was not. Calls of one tick make one round. */
  kick(): void {
    if (this.#isKicked || this.#closing.signal.aborted) return;
    this.#isKicked = true;
    queueMicrotask(() => {
      this.#isKicked = false;
      this.#sendAll();
    });
  }

  /** The brokers need not remember its sessions any longer; nobody waits long for one that does not answer. */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError("the consumer was closed"));
    for (const timer of this.#timers) clearTimeout(timer);
    const goodbyes = [...this.#nodes].map(async ([nodeId, { session }]) => {
      const request = session.last();
      if (request !== undefined) await this.#cluster.send(nodeId, Fetch, request, { timeoutMs: goodbyeTimeoutMs });
    });
    await Promise.allSettled(goodbyes);
  }

  #sendAll(): void {
    if (this.#closing.signal.aborted || this.#bufferedBytes() >= this.#config.fetchMaxBytes) return;
    const byNode = new Map<number, ReadPartition[]>();
    for (const partition of this.#partitions.values()) {
      if (!partition.isFetchable) continue;
      const nodeId = this.#nodeOf(partition);
      if (nodeId === undefined) {
        this.#cluster.refreshSoon();
        continue;
      }
      const those = byNode.get(nodeId);
      if (those === undefined) byNode.set(nodeId, [partition]);
      else those.push(partition);
    }
    for (const [nodeId, partitions] of byNode) this.#sendTo(nodeId, partitions);
  }

  #bufferedBytes(): number {
    let bytes = 0;
    for (const { chunks } of this.#partitions.values()) for (const { byteLength } of chunks) bytes += byteLength;
    return bytes;
  }

  #nodeOf(partition: ReadPartition): number | undefined {
    const preferred = partition.preferredReplica;
    if (preferred !== undefined && preferred.untilMs > nowMs() && this.#cluster.known.brokers.has(preferred.nodeId)) {
      return preferred.nodeId;
    }
    partition.preferredReplica = undefined;
    return this.#cluster.leaderOf(partition.topic, partition.partition);
  }

  #sendTo(nodeId: number, partitions: readonly ReadPartition[]): void {
    let node = this.#nodes.get(nodeId);
    if (node === undefined) {
      node = { session: new FetchSession(), busy: [false, false], isBackingOff: false };
      this.#nodes.set(nodeId, node);
    }
    const lane = node.busy.indexOf(false) as -1 | 0 | 1;
    if (lane >= 0 && !node.isBackingOff) void this.#fetch(nodeId, node, lane as 0 | 1, partitions);
  }

  async #fetch(nodeId: number, node: NodeLanes, lane: 0 | 1, partitions: readonly ReadPartition[]): Promise<void> {
    const { fetchMaxWaitMs, fetchMinBytes, fetchMaxBytes, isolationLevel, clientRack, requestTimeoutMs } = this.#config;
    const positions = partitions.map((partition) => this.#positionOf(partition));
    const sent = new Map(partitions.map((partition) => [partition.key, { partition, was: partition.version }]));
    const names = new Map(positions.map(({ topicId, topic }) => [topicId, topic]));
    for (const partition of partitions) partition.isFetching = true;
    node.busy[lane] = true;
    const request = {
      maxWaitMs: lane === 0 ? fetchMaxWaitMs : Math.min(fetchMaxWaitMs, secondLaneWaitMs),
      minBytes: fetchMinBytes,
      maxBytes: fetchMaxBytes,
      isolationLevel: isolationLevel === "read_committed" ? 1 : 0,
      rackId: clientRack,
      ...(lane === 0 ? node.session.next(positions) : sessionless(positions)),
    };
    const highest = positions.some(({ topicId }) => topicId === zeroUuid) ? lastVersionWithNames : Fetch.versions[1];
    try {
      const answer = await this.#cluster.send(nodeId, Fetch, request, {
        lane: lane === 0 ? "fetch" : "fetch-now",
        versions: [Fetch.versions[0], highest],
        timeoutMs: requestTimeoutMs + fetchMaxWaitMs,
        signal: this.#closing.signal,
      });
      fetchEnded(sent.values());
      this.#answered(nodeId, node, lane, answer, (topic, topicId, index) =>
        sent.get(partitionKey(topic || names.get(topicId) || "", index)),
      );
    } catch (error) {
      fetchEnded(sent.values());
      this.#sendFailed(node, lane, error);
    }
    node.busy[lane] = false;
    this.kick();
  }

  #positionOf({ topic, partition, key, fetchOffset }: ReadPartition): FetchPosition {
    const known = this.#cluster.known.topics.get(topic);
    const currentLeaderEpoch = known?.partitions[partition]?.leaderEpoch ?? -1;
    const partitionMaxBytes = this.#config.maxPartitionFetchBytes;
    const topicId = known?.topicId ?? zeroUuid;
    return { topic, topicId, partition, key, fetchOffset, currentLeaderEpoch, partitionMaxBytes };
  }

  #answered(
    nodeId: number,
    node: NodeLanes,
    lane: 0 | 1,
    answer: Answer,
    find: (topic: string, topicId: string, index: number) => Sent | undefined,
  ): void {
    if (answer.errorCode !== ErrorCode.NONE) {
      node.session.failed(answer.errorCode);
      const isSessions =
        answer.errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ||
        answer.errorCode === ErrorCode.INVALID_FETCH_SESSION_EPOCH;
      if (!isSessions) this.#backOff(node);
      if (answer.errorCode === ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR) this.#cluster.refreshSoon();
      return;
    }
    if (lane === 0) node.session.answered(answer.sessionId);
    for (const { topic, topicId, partitions } of answer.responses) {
      for (const told of partitions) {
        const found = find(topic, topicId, told.partitionIndex);
        if (found === undefined) continue;
        const { partition, was } = found;
        if (partition.version === was && !partition.isStopped) this.#take(nodeId, partition, told);
      }
    }
  }

  #take(nodeId: number, partition: ReadPartition, told: PartitionAnswer): void {
    if (told.errorCode !== ErrorCode.NONE) return this.#refused(nodeId, partition, told);
    const isCommitted = this.#config.isolationLevel === "read_committed";
    // Brokers that know no transactions tell no last stable offset.
    partition.highWatermark = isCommitted && told.lastStableOffset >= 0 ? told.lastStableOffset : told.highWatermark;
    if (told.preferredReadReplica >= 0) {
      const untilMs = nowMs() + this.#config.metadataMaxAgeMs;
      partition.preferredReplica = { nodeId: told.preferredReadReplica, untilMs };
    }
    const bytes = told.records;
    if (bytes === null || bytes.length === 0) return;
    const { topic, partition: index, fetchOffset: offset } = partition;
    this.#hooks.fetched(topic, bytes.length);
    const aborted = isCommitted ? (told.abortedTransactions ?? undefined) : undefined;
    try {
      const chunk = new FetchedRecords(bytes, { topic, partition: index, offset, aborted }, this.#config);
      partition.fetched(chunk);
    } catch (error) {
      const told = error instanceof MessageFormatError;
      partition.fail(told ? error : new CorruptRecordsError(partition, offset, error));
    }
    this.#hooks.ready();
  }

  #refused(nodeId: number, partition: ReadPartition, { errorCode, currentLeader }: PartitionAnswer): void {
    const { topic, partition: index } = partition;
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      if (partition.preferredReplica?.nodeId === nodeId) {
        partition.preferredReplica = undefined;
        return;
      }
      // What was fetched before is still to be read: only then the position itself is out of range.
      if (partition.chunks.length > 0) return this.#backOffPartition(partition);
      partition.lookFor("reset");
      return this.#hooks.locate();
    }
    if (isRetriable(errorCode) || errorCode === ErrorCode.UNKNOWN_SERVER_ERROR) {
      partition.preferredReplica = undefined;
      if (currentLeader.leaderId >= 0) {
        this.#cluster.leaderMoved(topic, index, currentLeader.leaderId, currentLeader.leaderEpoch);
      }
      this.#cluster.refreshSoon();
      return this.#backOffPartition(partition);
    }
    partition.fail(brokerError(errorCode, `fetch ${topic}/${index}`));
    this.#hooks.ready();
  }

  #sendFailed(node: NodeLanes, lane: 0 | 1, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (lane === 0) node.session.failed();
    if (!(error instanceof KafkaError) || !error.retriable) return this.#hooks.failed(error as Error);
    this.#cluster.logger.warn({ err: error }, "a fetch was not answered");
    this.#backOff(node);
  }

  #backOff(node: NodeLanes): void {
    node.isBackingOff = true;
    this.#later(() => {
      node.isBackingOff = false;
    });
  }

  #backOffPartition(partition: ReadPartition): void {
    partition.isBackingOff = true;
    this.#later(() => {
      partition.isBackingOff = false;
    });
  }

  #later(then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
      this.kick();
    }, this.#config.retryBackoffMs);
    this.#timers.add(timer);
  }
}

function fetchEnded(sent: Iterable<Sent>): void {
  for (const { partition, was } of sent) if (partition.version === was) partition.isFetching = false;
}
