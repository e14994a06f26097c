/** Offsets: those that partitions have, and those that groups have committed. */
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { OffsetCommit } from "../../protocol/apis/offset-commit.ts";
import { OffsetDelete } from "../../protocol/apis/offset-delete.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster } from "../cluster.ts";
import { brokerError } from "../errors.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import { type AdminOptions, errorOr, forEach, type Outcome, retrying } from "./attempts.ts";
import { codeOfTopic } from "./fresh-topics.ts";
import { atCoordinators, byLeader, byTopic, ofGroup } from "./routing.ts";
import { errorOf } from "./topics.ts";

/** With the lowest version of ListOffsets that knows it. */
const specs = {
  latest: { timestamp: -1, version: 1 },
  earliest: { timestamp: -2, version: 1 },
  /** The record with the highest timestamp (KIP-734). */
  "max-timestamp": { timestamp: -3, version: 7 },
  /** The first that is not only in the tiered storage (KIP-405). */
  "earliest-local": { timestamp: -4, version: 8 },
  /** The last that is in the tiered storage (KIP-1005). */
  "latest-tiered": { timestamp: -5, version: 9 },
} as const;

/** A spec, or milliseconds since 1970: the first record with this timestamp or a later one. */
export type OffsetSpec = keyof typeof specs | number;

/** A partition, and which of its offsets is asked for. */
export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec;
}

/** An offset of a partition, as asked for. */
export interface ListedOffset extends TopicPartition {
  /** -1: no record is so young. */
  readonly offset: number;
  /** Milliseconds since 1970 of the record, where one was looked for by time; else -1. */
  readonly timestamp: number;
  /** -1: the broker does not tell. */
  readonly leaderEpoch: number;
}

export interface ListOffsetsOptions extends AdminOptions {
  /** "read_committed": the latest offset is the last stable one. */
  readonly isolationLevel?: "read_uncommitted" | "read_committed";
}

/** What a group has committed of a partition: the offset of the next record to process. */
export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  /** -1: not told. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** What a group is to have committed of a partition. */
export interface NewOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

export interface ListGroupOffsetsOptions extends AdminOptions {
  /** Only these; default: all that the group has committed. */
  readonly partitions?: readonly TopicPartition[];
  /** Waits for transactions that are about to commit offsets (KIP-447). */
  readonly requireStable?: boolean;
}

const consumerReplicaId = -1;

export function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  { isolationLevel = "read_uncommitted", ...options }: ListOffsetsOptions,
): Promise<ListedOffset[]> {
  return forEach(cluster, queries, options, (pending, attempt) =>
    byLeader(cluster, pending, attempt, async (nodeId, items) => {
      const topics = byTopic(items, ({ partition, at }) => {
        return { partitionIndex: partition, timestamp: typeof at === "number" ? at : specs[at].timestamp };
      });
      const request = (version: number) => ({
        replicaId: consumerReplicaId,
        ...(version < 2 ? {} : { isolationLevel: isolationLevel === "read_committed" ? 1 : 0 }),
        topics,
        timeoutMs: attempt.timeoutMs | 0,
      });
      const lowest = Math.max(...items.map(({ at }) => (typeof at === "number" ? 1 : specs[at].version)));
      const versions = [lowest, ListOffsets.versions[1]] as const;
      const answer = await cluster.send(nodeId, ListOffsets, request, { ...attempt, versions });
      const answers = indexed(answer.topics);
      return items.map((item) => {
        const { topic, partition } = item;
        const told = answers.get(partitionKey(topic, partition));
        const error = errorOf(
          told?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR,
          `list offsets of ${topic}/${partition}`,
        );
        return errorOr(item, error, () => {
          const { offset, timestamp, leaderEpoch } = told!;
          return { topic, partition, offset, timestamp, leaderEpoch };
        });
      });
    }),
  );
}

/** Version 10 names topics by their ids. */
const fetchVersions = [2, 9] as const;

export function listGroupOffsets(
  cluster: Cluster,
  groupId: string,
  { partitions, requireStable = false, ...options }: ListGroupOffsetsOptions,
): Promise<CommittedOffset[]> {
  const what = `group ${groupId}: list offsets`;
  const named = partitions === undefined ? null : byTopic(partitions, ({ partition }) => partition);
  const topics = named?.map(({ name, partitions: partitionIndexes }) => ({ name, partitionIndexes })) ?? null;
  return retrying(cluster, options, async (attempt) => {
    const answer = await cluster.send(
      { group: groupId },
      OffsetFetch,
      (version) => ({
        ...(version < 8 ? { groupId, topics } : { groups: [{ groupId, topics }] }),
        ...(version < 7 ? {} : { requireStable }),
      }),
      { ...attempt, versions: fetchVersions },
    );
    const group = answer.groups[0] ?? answer;
    throwIfMoved(cluster, groupId, group.errorCode, what);
    const all = group.topics.flatMap(({ name, partitions }) => partitions.map((each) => ({ topic: name, ...each })));
    for (const { errorCode } of all) throwIfMoved(cluster, groupId, errorCode, what);
    return all
      .filter(({ committedOffset }) => committedOffset >= 0)
      .map(({ topic, partitionIndex: partition, committedOffset: offset, committedLeaderEpoch, metadata }) => {
        return { topic, partition, offset, leaderEpoch: committedLeaderEpoch, metadata: metadata ?? "" };
      });
  });
}

/** As a consumer that assigns its partitions itself: the group must be without members. */
const noGeneration = -1;
/** Version 10 names topics by their ids. */
const commitVersions = [2, 9] as const;

export async function alterGroupOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly NewOffset[],
  options: AdminOptions,
): Promise<void> {
  await atCoordinators(cluster, offsets, ofGroup(groupId), options, async (nodeId, items, attempt) => {
    const topics = byTopic(items, ({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    }));
    const request = { groupId, generationIdOrMemberEpoch: noGeneration, memberId: "", topics };
    const answer = await cluster.send(nodeId, OffsetCommit, request, { ...attempt, versions: commitVersions });
    return outcomes(cluster, items, indexed(answer.topics), `group ${groupId}: commit`);
  });
}

export async function deleteGroupOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: AdminOptions,
): Promise<void> {
  await atCoordinators(cluster, partitions, ofGroup(groupId), options, async (nodeId, items, attempt) => {
    const topics = byTopic(items, ({ partition }) => ({ partitionIndex: partition }));
    const answer = await cluster.send(nodeId, OffsetDelete, { groupId, topics }, attempt);
    if (answer.errorCode !== ErrorCode.NONE) throw brokerError(answer.errorCode, `group ${groupId}: delete offsets`);
    return outcomes(cluster, items, indexed(answer.topics), `group ${groupId}: delete offset`);
  });
}

function throwIfMoved(cluster: Cluster, groupId: string, errorCode: number, what: string): void {
  if (errorCode === ErrorCode.NONE) return;
  if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
    cluster.coordinatorGone({ group: groupId });
  }
  throw brokerError(errorCode, what);
}

function indexed<P extends { readonly partitionIndex: number }>(
  topics: readonly { readonly name: string; readonly partitions: readonly P[] }[],
): Map<string, P> {
  return new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions.map((partition) => [partitionKey(name, partition.partitionIndex), partition] as const),
    ),
  );
}

function outcomes<Item extends TopicPartition>(
  cluster: Cluster,
  items: readonly Item[],
  answers: ReadonlyMap<string, { readonly errorCode: number }>,
  what: string,
): Outcome<Item, undefined>[] {
  return items.map((item) => {
    const told = answers.get(partitionKey(item.topic, item.partition))?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    const code = codeOfTopic(cluster, item.topic, told);
    return errorOr(item, errorOf(code, `${what} ${item.topic}/${item.partition}`), () => undefined);
  });
}
