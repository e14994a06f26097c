import { refuseTopicName } from "../../metadata/topic-names.ts";
import type { DescribeProducers } from "../../protocol/apis/describe-producers.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";

export const describeProducers: Handler<typeof DescribeProducers> = (request, context) => ({
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => describe(name, partitionIndex, context)),
  })),
});

function describe(topic: string, partitionIndex: number, { broker }: RequestContext) {
  const found = broker.partition(topic, partitionIndex);
  if (found.ok) {
    const activeProducers = [...found.partition.log.producers()];
    return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers };
  }
  const invalid = refuseTopicName(topic);
  const unknown = broker.metadata.topic(topic) === undefined ? "This server does not host this topic-partition." : null;
  const errorCode = invalid === undefined ? found.errorCode : ErrorCode.INVALID_TOPIC_EXCEPTION;
  return { partitionIndex, errorCode, errorMessage: invalid ?? unknown, activeProducers: [] };
}
