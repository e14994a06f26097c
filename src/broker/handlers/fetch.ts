import { LogError, type PartitionLog, type ReadOptions, type ReadResult } from "../../log/log.ts";
import type { Fetch, FetchRequest } from "../../protocol/apis/fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { Answer, Handler, LedPartition, RequestContext } from "../context.ts";
import type { FetchAsk, FetchPartition, FetchPlan } from "../fetch-sessions.ts";
import { isIsolationLevel, readCommitted } from "../isolation-level.ts";
import { endOffsetOf, errorOfLog, refuseLeaderEpoch } from "../leader-epochs.ts";
import { waitForLogs } from "../waiting.ts";

type FetchAnswer = NonNullable<Answer<typeof Fetch>>;
type AnsweredTopic = FetchAnswer["responses"][number];
type PartitionData = AnsweredTopic["partitions"][number] & {
  readonly errorCode: ErrorCode;
  readonly highWatermark: number;
  readonly logStartOffset: number;
};

interface Fetched {
  readonly partition: FetchPartition;
  readonly data: PartitionData;
  readonly bytes: number;
}

/** A partition as a fetch finds it: readable, refused, or not what the reader thinks it is (KIP-595). */
type Found =
  | { readonly kind: "readable"; readonly led: LedPartition }
  | { readonly kind: "diverging"; readonly led: LedPartition; readonly epoch: number; readonly endOffset: number }
  | { readonly kind: "refused"; readonly errorCode: ErrorCode }
  | { readonly kind: "unknown"; readonly errorCode: ErrorCode };

/**
 * Waits until there are `minBytes`, an error, or no more time; then reads once, in the order of the partitions. The
 * records leave as the log's own pieces; an answer of more than 64 KB is not copied to be sent.
 */
export const fetch: Handler<typeof Fetch> = (request, context) => {
  const ask = askOf(request, context);
  if (!isIsolationLevel(request.isolationLevel)) return refuseAll(ask, ErrorCode.UNKNOWN_SERVER_ERROR);
  const { fetchSessions, config } = context.broker;
  const maxBytes = Math.min(request.maxBytes, config.get("fetch.max.bytes"));
  const minBytes = Math.min(request.minBytes, maxBytes);
  const isFollower = Math.max(request.replicaId, request.replicaState.replicaId) >= 0;
  const fetching = { plan: fetchSessions.open(ask), context, isFollower, upTo: boundOf(request), maxBytes, minBytes };
  if (request.maxWaitMs <= 0 || isWorthAnswering(fetching)) return readAll(fetching);
  const isReady = () => isWorthAnswering(fetching);
  return waitForLogs(logsOf(fetching), isReady, request.maxWaitMs, context).then(() => readAll(fetching));
};

/** One fetch, while it waits and reads. */
interface Fetching {
  readonly plan: FetchPlan;
  readonly context: RequestContext;
  readonly isFollower: boolean;
  readonly upTo: Bound;
  readonly maxBytes: number;
  readonly minBytes: number;
}

async function readAll(fetching: Fetching): Promise<FetchAnswer> {
  const { plan, maxBytes, context } = fetching;
  const known = new Array<Fetched>(plan.partitions.length);
  const unknown: Fetched[] = [];
  let knownCount = 0;
  let bytesLeft = maxBytes;
  for (const partition of plan.partitions) {
    const found = findPartition(partition, fetching);
    if (found.kind === "unknown") {
      unknown.push(refused(partition, found, []));
    } else if (found.kind === "readable") {
      // The first partition that has something gives at least one batch, whatever its size (KIP-74).
      const reading = read(partition, found.led, bytesLeft, bytesLeft === maxBytes, fetching.upTo);
      const fetched = reading instanceof Promise ? await reading : reading;
      bytesLeft = Math.max(0, bytesLeft - fetched.bytes);
      known[knownCount++] = fetched;
    } else if (found.kind === "diverging") {
      known[knownCount++] = { partition, data: diverging(partition, found), bytes: 0 };
    } else {
      known[knownCount++] = refused(partition, found, null);
    }
  }
  const all = unknown.length === 0 ? known : [...known.slice(0, knownCount), ...unknown];
  const { errorCode, sessionId, results } = plan.answer(all);
  return { errorCode, sessionId, ...withLeaders(results, context) };
}

/** By topic id nothing is told of partitions. */
function refuseAll({ usesTopicIds, partitions }: FetchAsk, errorCode: ErrorCode): FetchAnswer {
  const named = usesTopicIds ? [] : Array.from(partitions.values(), (each) => refused(each, { errorCode }, []));
  return { errorCode, sessionId: 0, responses: byTopic(named) };
}

type Bound = "high-watermark" | "last-stable-offset";

/** read_committed sees nothing that may still be aborted (KIP-98). */
function boundOf({ isolationLevel }: FetchRequest): Bound {
  return isolationLevel === readCommitted ? "last-stable-offset" : "high-watermark";
}

/** KIP-951 (v16+): whoever has an old idea of the leader is told the new one with the error. */
function withLeaders(results: readonly Fetched[], { broker, connection, version }: RequestContext) {
  if (version < 16 || !results.some(isAboutLeader)) return { responses: byTopic(results), nodeEndpoints: [] };
  const leaderId = broker.nodeId;
  let isAnyTold = false;
  const told = results.map((fetched): Fetched => {
    const { topic = "", partition } = fetched.partition;
    const leaderEpoch = broker.metadata.topic(topic)?.partitions[partition]?.leaderEpoch;
    if (!isAboutLeader(fetched) || leaderEpoch === undefined) return fetched;
    isAnyTold = true;
    return { ...fetched, data: { ...fetched.data, currentLeader: { leaderId, leaderEpoch } } };
  });
  const nodeEndpoints = isAnyTold ? [{ nodeId: leaderId, ...broker.endpoint(connection.listener) }] : [];
  return { responses: byTopic(told), nodeEndpoints };
}

function isAboutLeader({ data: { errorCode } }: Fetched): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

function askOf(request: FetchRequest, { broker, version }: RequestContext): FetchAsk {
  const usesTopicIds = version >= 13;
  const partitions = new Map<string, FetchPartition>();
  for (const { topic: name, topicId, partitions: asked } of request.topics) {
    const topic = usesTopicIds ? broker.metadata.topicById(topicId)?.name : name;
    for (const { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch } of asked) {
      const key = keyOf(usesTopicIds ? topicId : name, partition);
      partitions.set(key, {
        key,
        topic,
        topicId: usesTopicIds ? topicId : zeroUuid,
        partition,
        fetchOffset,
        maxBytes: partitionMaxBytes,
        currentLeaderEpoch,
        lastFetchedEpoch,
        highWatermark: -1,
        logStartOffset: -1,
      });
    }
  }
  const { sessionId, sessionEpoch } = request;
  return { sessionId, sessionEpoch, usesTopicIds, partitions, forgotten: forgottenOf(request, usesTopicIds) };
}

const nothingForgotten: readonly string[] = [];

function forgottenOf({ forgottenTopicsData }: FetchRequest, usesTopicIds: boolean): readonly string[] {
  if (forgottenTopicsData.length === 0) return nothingForgotten;
  return forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => keyOf(usesTopicIds ? topicId : topic, partition)),
  );
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function findPartition(asked: FetchPartition, { isFollower, context: { broker } }: Fetching): Found {
  const isById = asked.topicId !== zeroUuid;
  if (asked.topic === undefined && isById) asked.topic = broker.metadata.topicById(asked.topicId)?.name;
  if (asked.topic === undefined) return { kind: "unknown", errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  const found = broker.partition(asked.topic, asked.partition);
  if (!found.ok) return { kind: "unknown", errorCode: found.errorCode };
  const led = found.partition;

  if (isById && led.topic.topicId !== asked.topicId) return refuse(ErrorCode.INCONSISTENT_TOPIC_ID);
  const stale = refuseLeaderEpoch(led, asked.currentLeaderEpoch);
  if (stale) return refuse(stale);
  if (isFollower) {
    // No broker is a replica of this one: it is told what Kafka tells one that is not in the replica set.
    return refuse(asked.currentLeaderEpoch < 0 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_LEADER_EPOCH);
  }
  const { logStartOffset, logEndOffset } = led.log;
  const isInRange = asked.fetchOffset >= logStartOffset && asked.fetchOffset <= logEndOffset;
  if (asked.lastFetchedEpoch >= 0) {
    const end = endOffsetOf(led, asked.lastFetchedEpoch);
    if (end === undefined || asked.fetchOffset < logStartOffset) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
    if (end.leaderEpoch < asked.lastFetchedEpoch || end.endOffset < asked.fetchOffset) {
      return { kind: "diverging", led, epoch: end.leaderEpoch, endOffset: end.endOffset };
    }
  }
  return isInRange ? { kind: "readable", led } : refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
}

function refuse(errorCode: ErrorCode): Found {
  return { kind: "refused", errorCode };
}

/** Whether waiting longer has no point. Unknown partitions alone do not end a wait, as in Kafka. */
function isWorthAnswering(fetching: Fetching): boolean {
  const { plan, minBytes, upTo } = fetching;
  let bytes = 0;
  let isAnyKnown = false;
  for (const partition of plan.partitions) {
    const found = findPartition(partition, fetching);
    if (found.kind === "unknown") continue;
    if (found.kind !== "readable") return true;
    isAnyKnown = true;
    bytes += Math.min(found.led.log.bytesFrom(partition.fetchOffset, upTo), partition.maxBytes);
  }
  return !isAnyKnown || bytes >= minBytes;
}

function logsOf(fetching: Fetching): PartitionLog[] {
  const logs: PartitionLog[] = [];
  for (const partition of fetching.plan.partitions) {
    const found = findPartition(partition, fetching);
    if (found.kind === "readable") logs.push(found.led.log);
  }
  return logs;
}

/** Where there is nothing to read, as in most partitions of a large session, nothing is waited for. */
function read(
  partition: FetchPartition,
  led: LedPartition,
  bytesLeft: number,
  atLeastOne: boolean,
  upTo: Bound,
): Fetched | Promise<Fetched> {
  const isCommitted = upTo === "last-stable-offset";
  const end = isCommitted ? led.log.lastStableOffset : led.log.highWatermark;
  const maxBytes = Math.max(0, Math.min(partition.maxBytes, bytesLeft));
  if (partition.fetchOffset < end && (maxBytes > 0 || atLeastOne)) {
    return readLog(partition, led, { maxBytes, atLeastOne, upTo });
  }
  return { partition, data: dataOf(partition, led, isCommitted ? [] : null, nothing), bytes: 0 };
}

async function readLog(partition: FetchPartition, led: LedPartition, options: ReadOptions): Promise<Fetched> {
  const { log } = led;
  const { fetchOffset } = partition;
  const isCommitted = options.upTo === "last-stable-offset";
  try {
    const result = await log.read(fetchOffset, options);
    // Where the log start has passed the offset meanwhile, the aborts that the reader needs are forgotten.
    const isGone = result === undefined || (isCommitted && fetchOffset < log.logStartOffset);
    if (isGone) return refused(partition, { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }, null);
    const abortedTransactions = isCommitted ? abortedIn(log, fetchOffset, result) : null;
    return { partition, data: dataOf(partition, led, abortedTransactions, result.chunks), bytes: result.bytes };
  } catch (error) {
    if (error instanceof LogError) return refused(partition, { errorCode: errorOfLog(error) }, null);
    throw error;
  }
}

/** Where nothing was left for want of room, Kafka names the aborted ones behind the last stable offset as well. */
function abortedIn(log: PartitionLog, fetchOffset: number, { nextOffset, lastStableOffset }: ReadResult) {
  return log.abortedTransactions(fetchOffset, nextOffset < lastStableOffset ? nextOffset : log.logEndOffset);
}

const nothing = new Uint8Array(0);

function dataOf(
  { partition: partitionIndex }: FetchPartition,
  { log }: LedPartition,
  abortedTransactions: PartitionData["abortedTransactions"],
  records: PartitionData["records"],
): PartitionData {
  const { highWatermark, lastStableOffset, logStartOffset } = log;
  const errorCode = ErrorCode.NONE;
  return { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records };
}

function diverging(partition: FetchPartition, { led, epoch, endOffset }: Found & { kind: "diverging" }): PartitionData {
  return { ...dataOf(partition, led, null, nothing), divergingEpoch: { epoch, endOffset } };
}

function refused(
  partition: FetchPartition,
  { errorCode }: { readonly errorCode: ErrorCode },
  abortedTransactions: [] | null,
): Fetched {
  const offsets = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 };
  const { partition: partitionIndex } = partition;
  return {
    partition,
    data: { partitionIndex, errorCode, ...offsets, abortedTransactions, records: nothing },
    bytes: 0,
  };
}

function byTopic(results: readonly Fetched[]): AnsweredTopic[] {
  let topics: { topic: string; topicId: string; partitions: PartitionData[] }[] | undefined;
  for (const { partition, data } of results) {
    const { topic = "", topicId } = partition;
    const last = topics?.at(-1);
    const isSame = last !== undefined && last.topicId === topicId && (topicId !== zeroUuid || last.topic === topic);
    if (isSame) last.partitions.push(data);
    else if (topics === undefined) topics = [{ topic, topicId, partitions: [data] }];
    else topics.push({ topic, topicId, partitions: [data] });
  }
  return topics ?? [];
}
