import { isInternalTopic, refuseTopicName } from "../../metadata/topic-names.ts";
import type {
  DescribeTopicPartitions,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from "../../protocol/apis/describe-topic-partitions.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { topicOperations } from "../authorized-operations.ts";
import type { BrokerServices, Handler } from "../context.ts";

type TopicAnswer = DescribeTopicPartitionsResponse["topics"][number];

/** Topics in the order of their names, cut at a number of partitions; the cursor says where to go on (KIP-966). */
export const describeTopicPartitions: Handler<typeof DescribeTopicPartitions> = (request, { broker }) => {
  if (!hasItsCursor(request)) {
    return { topics: request.topics.map(({ name }) => failed(name, ErrorCode.INVALID_REQUEST)), nextCursor: null };
  }
  const topics: TopicAnswer[] = [];
  const most = broker.config.get("max.request.partition.size.limit");
  let left = Math.max(1, Math.min(most, request.responsePartitionLimit));
  for (const name of namesFrom(request, broker)) {
    const first = name === request.cursor?.topicName ? request.cursor.partitionIndex : 0;
    if (left <= 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
    const topic = describe(name, first, left, broker);
    topics.push(topic);
    left -= topic.partitions.length;
    const next = first + topic.partitions.length;
    if (next < (broker.metadata.topic(name)?.partitions.length ?? 0)) {
      return { topics, nextCursor: { topicName: name, partitionIndex: next } };
    }
  }
  return { topics, nextCursor: null };
};

/** The cursor's topic has to be among those that are asked for. */
function hasItsCursor({ topics, cursor }: DescribeTopicPartitionsRequest): boolean {
  if (cursor === null) return true;
  const isNamed = topics.length === 0 || topics.some(({ name }) => name === cursor.topicName);
  return isNamed && cursor.partitionIndex >= 0;
}

function failed(name: string, errorCode: ErrorCode): TopicAnswer {
  return { errorCode, name, topicId: zeroUuid, isInternal: isInternalTopic(name), partitions: [] };
}

function namesFrom({ topics, cursor }: DescribeTopicPartitionsRequest, { metadata }: BrokerServices): string[] {
  const asked = topics.length > 0 ? topics.map(({ name }) => name) : [...metadata.topics()].map(({ name }) => name);
  const names = [...new Set(asked)].sort();
  return cursor === null ? names : names.filter((name) => name >= cursor.topicName);
}

function describe(name: string, first: number, most: number, { metadata, nodeId }: BrokerServices): TopicAnswer {
  const topic = metadata.topic(name);
  if (topic === undefined) {
    const isInvalid = refuseTopicName(name) !== undefined;
    const errorCode = isInvalid ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return { ...failed(name, errorCode), topicAuthorizedOperations: topicOperations };
  }
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions.slice(first, first + most).map(({ partition, leaderEpoch }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: partition,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: topicOperations,
  };
}
