import type { DescribeLogDirs, DescribeLogDirsRequest } from "../../protocol/apis/describe-log-dirs.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { BrokerServices, Handler, TopicImage } from "../context.ts";

/** One folder holds everything. */
export const describeLogDirs: Handler<typeof DescribeLogDirs> = async ({ topics }, { broker }) => {
  const described = [...askedTopics(topics, broker)].map(({ topic, partitions }) => ({
    name: topic.name,
    partitions: partitions.flatMap((partitionIndex) => {
      const found = broker.partition(topic.name, partitionIndex);
      if (!found.ok) return [];
      return [{ partitionIndex, partitionSize: found.partition.log.sizeInBytes, offsetLag: 0, isFutureKey: false }];
    }),
  }));
  return {
    errorCode: ErrorCode.NONE,
    results: [
      {
        errorCode: ErrorCode.NONE,
        logDir: broker.logDir.path,
        topics: described.filter(({ partitions }) => partitions.length > 0),
        ...(await broker.logDir.space()),
        isCordoned: false,
      },
    ],
  };
};

function* askedTopics(
  topics: DescribeLogDirsRequest["topics"],
  { metadata }: BrokerServices,
): Iterable<{ topic: TopicImage; partitions: readonly number[] }> {
  if (topics === null) {
    for (const topic of metadata.topics()) {
      yield { topic, partitions: topic.partitions.map(({ partition }) => partition) };
    }
    return;
  }
  for (const { topic: name, partitions } of topics) {
    const topic = metadata.topic(name);
    if (topic !== undefined) yield { topic, partitions };
  }
}
