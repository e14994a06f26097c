import type { OffsetForLeaderEpoch, OffsetForLeaderEpochRequest } from "../../protocol/apis/offset-for-leader-epoch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, RequestContext } from "../context.ts";
import { endOffsetOf, refuseLeaderEpoch } from "../leader-epochs.ts";

type AskedPartition = OffsetForLeaderEpochRequest["topics"][number]["partitions"][number];

/** A consumer asks where its epoch ended, to see whether what it read is still there (rule 52, KIP-320). */
export const offsetForLeaderEpoch: Handler<typeof OffsetForLeaderEpoch> = (request, context) => ({
  topics: request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => endOf(topic, partition, context)),
  })),
});

function endOf(topic: string, asked: AskedPartition, { broker }: RequestContext) {
  const { partition, currentLeaderEpoch, leaderEpoch } = asked;
  const unknown = { partition, leaderEpoch: -1, endOffset: -1 };
  const found = broker.partition(topic, partition);
  if (!found.ok) return { ...unknown, errorCode: found.errorCode };
  const errorCode = refuseLeaderEpoch(found.partition, currentLeaderEpoch);
  if (errorCode) return { ...unknown, errorCode };
  return { ...unknown, errorCode: ErrorCode.NONE, ...endOffsetOf(found.partition, leaderEpoch) };
}
