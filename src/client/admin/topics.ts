/** Topics: created, deleted, listed, described, widened, cut at their beginning. */
import { CreatePartitions } from "../../protocol/apis/create-partitions.ts";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { DeleteRecords } from "../../protocol/apis/delete-records.ts";
import { DeleteTopics } from "../../protocol/apis/delete-topics.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import type { Cluster, TopicDescription } from "../cluster.ts";
import { brokerError, type KafkaError } from "../errors.ts";
import { partitionKey, type TopicPartition } from "../topic-partition.ts";
import { type AdminOptions, errorOr, forEach, type Outcome, retrying } from "./attempts.ts";
import { codeOfTopic, forgetMade, rememberMade } from "./fresh-topics.ts";
import { byLeader, byTopic } from "./routing.ts";

/** A topic to create. */
export interface NewTopic {
  readonly topic: string;
  /** Default: num.partitions of the broker. */
  readonly numPartitions?: number | undefined;
  /** Default: default.replication.factor of the broker. */
  readonly replicationFactor?: number | undefined;
  /** Node ids of the replicas of each partition, the preferred leader first; instead of the two numbers. */
  readonly replicaAssignment?: readonly (readonly number[])[] | undefined;
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

/** A topic that was created, as the broker made it. */
export interface CreatedTopic {
  readonly topic: string;
  readonly topicId: string;
  /** -1: the broker does not tell. */
  readonly numPartitions: number;
  /** -1: the broker does not tell. */
  readonly replicationFactor: number;
}

export interface ValidateOptions extends AdminOptions {
  /** Only asks whether it could be done. */
  readonly validateOnly?: boolean;
}

/** A topic that is to have more partitions. */
export interface NewPartitions {
  readonly topic: string;
  /** How many there are to be in all. */
  readonly count: number;
  /** Node ids of the replicas of each new partition. */
  readonly replicaAssignment?: readonly (readonly number[])[] | undefined;
}

/** Records to delete: those of a partition before an offset. */
export interface RecordsBefore extends TopicPartition {
  /** Records with lower offsets are deleted; -1 is all there are. */
  readonly beforeOffset: number;
}

/** A partition after records were deleted. */
export interface DeletedRecords extends TopicPartition {
  /** The partition's first offset now. */
  readonly lowWatermark: number;
}

/** Codes by item name, as most answers have them. */
interface NamedAnswer {
  readonly name: string | null;
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

export function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  { validateOnly = false, ...options }: ValidateOptions,
): Promise<CreatedTopic[]> {
  return forEach(cluster, topics, options, async (pending, attempt) => {
    const request = { topics: pending.map(newTopic), timeoutMs: attempt.timeoutMs | 0, validateOnly };
    const answer = await cluster.send("controller", CreateTopics, request, attempt);
    const made = answer.topics.filter(({ errorCode }) => errorCode === ErrorCode.NONE && !validateOnly);
    rememberMade(
      cluster,
      made.map(({ name }) => name),
    );
    return outcomes(pending, answer.topics, "create", ({ topic }, { topicId, numPartitions, replicationFactor }) => ({
      topic,
      topicId,
      numPartitions,
      replicationFactor,
    }));
  });
}

function newTopic({ topic, numPartitions = -1, replicationFactor = -1, replicaAssignment, configs = {} }: NewTopic) {
  return {
    name: topic,
    numPartitions: replicaAssignment === undefined ? numPartitions : -1,
    replicationFactor: replicaAssignment === undefined ? replicationFactor : -1,
    assignments: (replicaAssignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
  };
}

export async function deleteTopics(cluster: Cluster, topics: readonly string[], options: AdminOptions): Promise<void> {
  const items = topics.map((topic) => ({ topic }));
  forgetMade(cluster, topics);
  await forEach(cluster, items, options, async (pending, attempt) => {
    const names = pending.map(({ topic }) => topic);
    const timeoutMs = attempt.timeoutMs | 0;
    const answer = await cluster.send(
      "controller",
      DeleteTopics,
      (version) =>
        version < 6
          ? { topicNames: names, timeoutMs }
          : { topics: names.map((name) => ({ name, topicId: zeroUuid })), timeoutMs },
      attempt,
    );
    return outcomes(pending, answer.responses, "delete", () => undefined);
  });
}

export async function createPartitions(
  cluster: Cluster,
  topics: readonly NewPartitions[],
  { validateOnly = false, ...options }: ValidateOptions,
): Promise<void> {
  await forEach(cluster, topics, options, async (pending, attempt) => {
    const asked = pending.map(({ topic, count, replicaAssignment }) => ({
      name: topic,
      count,
      assignments: replicaAssignment?.map((brokerIds) => ({ brokerIds })) ?? null,
    }));
    const request = { topics: asked, timeoutMs: attempt.timeoutMs | 0, validateOnly };
    const answer = await cluster.send("controller", CreatePartitions, request, attempt);
    return outcomes(pending, answer.results, "add partitions to", () => undefined);
  });
}

export async function listTopics(cluster: Cluster, options: AdminOptions): Promise<TopicDescription[]> {
  const { topics } = await retrying(cluster, options, (attempt) => cluster.metadata("all", attempt));
  return [...topics.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

export function describeTopics(
  cluster: Cluster,
  topics: readonly string[],
  options: AdminOptions,
): Promise<TopicDescription[]> {
  const items = topics.map((topic) => ({ topic }));
  return forEach(cluster, items, options, async (pending, attempt) => {
    const known = await cluster.metadata(
      pending.map(({ topic }) => topic),
      attempt,
    );
    return pending.map((item): Outcome<(typeof items)[number], TopicDescription> => {
      const described = known.topics.get(item.topic);
      const told = described?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const code = codeOfTopic(cluster, item.topic, told);
      return errorOr(item, errorOf(code, `topic ${item.topic}`), () => described!);
    });
  });
}

export function deleteRecords(
  cluster: Cluster,
  partitions: readonly RecordsBefore[],
  options: AdminOptions,
): Promise<DeletedRecords[]> {
  return forEach(cluster, partitions, options, (pending, attempt) =>
    byLeader(cluster, pending, attempt, async (nodeId, items) => {
      const topics = byTopic(items, ({ partition, beforeOffset }) => {
        return { partitionIndex: partition, offset: beforeOffset };
      });
      const request = { topics, timeoutMs: attempt.timeoutMs | 0 };
      const answer = await cluster.send(nodeId, DeleteRecords, request, attempt);
      const answers = new Map(
        answer.topics.flatMap(({ name, partitions }) =>
          partitions.map((partition) => [partitionKey(name, partition.partitionIndex), partition] as const),
        ),
      );
      return items.map((item) => {
        const { topic, partition } = item;
        const { errorCode = ErrorCode.UNKNOWN_SERVER_ERROR, lowWatermark = -1 } =
          answers.get(partitionKey(topic, partition)) ?? {};
        const error = errorOf(errorCode, `delete records of ${topic}/${partition}`);
        return errorOr(item, error, () => ({ topic, partition, lowWatermark }));
      });
    }),
  );
}

function outcomes<Item extends { readonly topic: string }, Answer extends NamedAnswer, Result>(
  items: readonly Item[],
  answers: readonly Answer[],
  verb: string,
  result: (item: Item, answer: Answer) => Result,
): Outcome<Item, Result>[] {
  const byName = new Map(answers.map((answer) => [answer.name, answer]));
  return items.map((item) => {
    const answer = byName.get(item.topic);
    const code = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    const error = errorOf(code, `${verb} topic ${item.topic}`, answer?.errorMessage);
    return errorOr(item, error, () => result(item, answer!));
  });
}

/** @returns undefined for NONE. */
export function errorOf(errorCode: number, what: string, detail?: string | null): KafkaError | undefined {
  return errorCode === ErrorCode.NONE ? undefined : brokerError(errorCode, what, detail);
}
