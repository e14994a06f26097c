import { isInternalTopic, refuseTopicName } from "../../metadata/topic-names.ts";
import type { Metadata, MetadataRequest, MetadataResponse } from "../../protocol/apis/metadata.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { zeroUuid } from "../../protocol/schema.ts";
import { clusterOperations, operationsNotAsked, topicOperations } from "../authorized-operations.ts";
import type { BrokerServices, Handler, RequestContext, TopicImage } from "../context.ts";

type TopicAnswer = MetadataResponse["topics"][number];

export const metadata: Handler<typeof Metadata> = (request, context) => {
  const { broker, connection, version } = context;
  const problem = refuse(request, version);
  if (problem) return refused(request, problem, broker);
  const endpoint = broker.endpoint(connection.listener);
  const operations = request.includeTopicAuthorizedOperations ? topicOperations : operationsNotAsked;
  return {
    brokers: [{ nodeId: broker.nodeId, ...endpoint, rack: broker.config.get("broker.rack") }],
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    topics: topicsOf(request, context).map((topic) => ({ ...topic, topicAuthorizedOperations: operations })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
    errorCode: ErrorCode.NONE,
  };
};

/** Topics are asked for by id from version 12 on; until then, and without an id, a topic has a name. */
function refuse({ topics }: MetadataRequest, version: number): ErrorCode {
  for (const { name, topicId } of topics ?? []) {
    if (topicId !== zeroUuid && version < 12) return ErrorCode.INVALID_REQUEST;
    if (topicId === zeroUuid && name === null) return ErrorCode.UNKNOWN_SERVER_ERROR;
  }
  return ErrorCode.NONE;
}

/** A request that is refused whole tells no brokers. */
function refused({ topics }: MetadataRequest, errorCode: ErrorCode, { clusterId }: BrokerServices): MetadataResponse {
  const answers = (topics ?? []).map(({ name, topicId }) => {
    return { errorCode, name: name ?? "", topicId, isInternal: false, partitions: [] };
  });
  return { brokers: [], clusterId, topics: answers };
}

function topicsOf(request: MetadataRequest, { version, broker }: RequestContext): TopicAnswer[] {
  // Version 0 asks for all topics by an empty list, later ones by null.
  if (request.topics === null || (version === 0 && request.topics.length === 0)) {
    return [...broker.metadata.topics()].map((topic) => found(topic, broker));
  }
  const ids = request.topics.filter(({ topicId }) => topicId !== zeroUuid).map(({ topicId }) => topicId);
  if (ids.length > 0) return [...new Set(ids)].map((topicId) => byId(topicId, broker));

  const names = [...new Set(request.topics.map(({ name }) => name ?? ""))];
  const missing: string[] = [];
  const answers = names.map((name) => {
    const topic = broker.metadata.topic(name);
    if (topic !== undefined) return found(topic, broker);
    if (refuseTopicName(name) !== undefined) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION, name);
    missing.push(name);
    return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name);
  });
  if (request.allowAutoTopicCreation && broker.config.get("auto.create.topics.enable")) autoCreate(missing, broker);
  return answers;
}

/** As in Kafka the topic is still unknown to this answer: clients ask again, and find it then. */
function autoCreate(names: readonly string[], broker: BrokerServices): void {
  for (const name of names) {
    broker.createMissingTopic(name).catch((error) => {
      broker.logger.error({ err: error, topic: name }, "a topic cannot be created");
    });
  }
}

function byId(topicId: string, broker: BrokerServices): TopicAnswer {
  const topic = broker.metadata.topicById(topicId);
  if (topic !== undefined) return found(topic, broker);
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, isInternal: false, partitions: [] };
}

function failed(errorCode: ErrorCode, name: string): TopicAnswer {
  return { errorCode, name, topicId: zeroUuid, isInternal: isInternalTopic(name), partitions: [] };
}

function found({ name, topicId, isInternal, partitions }: TopicImage, { nodeId }: BrokerServices): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId,
    isInternal,
    partitions: partitions.map(({ partition, leaderEpoch }) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex: partition,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      offlineReplicas: [],
    })),
  };
}
