import { LogError } from "../../log/log.ts";
import type { ListOffsets, ListOffsetsRequest } from "../../protocol/apis/list-offsets.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Answer, Handler, LedPartition, RequestContext } from "../context.ts";
import { isIsolationLevel, readCommitted } from "../isolation-level.ts";
import { errorOfLog, refuseLeaderEpoch } from "../leader-epochs.ts";

type AskedPartition = ListOffsetsRequest["topics"][number]["partitions"][number];
type AnsweredPartition = NonNullable<Answer<typeof ListOffsets>>["topics"][number]["partitions"][number];
interface Listed {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** Timestamps that stand for a place in the log, with the first version that knows them. */
const places = {
  latest: { timestamp: -1, since: 1 },
  earliest: { timestamp: -2, since: 1 },
  maxTimestamp: { timestamp: -3, since: 7 },
  earliestLocal: { timestamp: -4, since: 8 },
  latestTiered: { timestamp: -5, since: 9 },
  earliestPendingUpload: { timestamp: -6, since: 11 },
} as const;
type Place = keyof typeof places;

const nowhere: Listed = { timestamp: -1, offset: -1, leaderEpoch: -1 };

export const listOffsets: Handler<typeof ListOffsets> = async (request, context) => {
  const { isolationLevel } = request;
  const isCommitted = isolationLevel === readCommitted;
  if (!isIsolationLevel(isolationLevel)) return refuseAll(request, ErrorCode.UNKNOWN_SERVER_ERROR);
  const topics = request.topics.map(async ({ name, partitions }) => {
    const listed = Array.from(askedOnce(partitions), ([partition, isTwice]) =>
      isTwice ? refuse(partition, ErrorCode.INVALID_REQUEST) : list(name, partition, isCommitted, context),
    );
    return { name, partitions: await Promise.all(listed) };
  });
  return { topics: await Promise.all(topics) };
};

function refuseAll({ topics }: ListOffsetsRequest, errorCode: ErrorCode) {
  return {
    topics: topics.map(({ name, partitions }) => {
      return { name, partitions: partitions.map((partition) => refuse(partition, errorCode)) };
    }),
  };
}

/** Each partition once, and whether it was asked more often. */
function askedOnce(partitions: readonly AskedPartition[]): Iterable<[AskedPartition, boolean]> {
  const byIndex = new Map<number, [AskedPartition, boolean]>();
  for (const partition of partitions) {
    const { partitionIndex } = partition;
    byIndex.set(partitionIndex, [partition, byIndex.has(partitionIndex)]);
  }
  return byIndex.values();
}

async function list(
  topic: string,
  asked: AskedPartition,
  isCommitted: boolean,
  context: RequestContext,
): Promise<AnsweredPartition> {
  const { partitionIndex, timestamp, currentLeaderEpoch } = asked;
  const place = placeOf(timestamp);
  if (timestamp < 0 && (place === undefined || context.version < places[place].since)) {
    return refuse(asked, ErrorCode.UNSUPPORTED_VERSION);
  }
  const found = context.broker.partition(topic, partitionIndex);
  if (!found.ok) return refuse(asked, found.errorCode);
  const stale = refuseLeaderEpoch(found.partition, currentLeaderEpoch);
  if (stale) return refuse(asked, stale);
  try {
    const { leaderEpoch, ...listed } = await offsetAt(place, timestamp, isCommitted, found.partition);
    const epoch = context.version >= 4 ? { leaderEpoch } : {};
    return { partitionIndex, errorCode: ErrorCode.NONE, ...listed, ...epoch };
  } catch (error) {
    if (error instanceof LogError) return refuse(asked, errorOfLog(error));
    throw error;
  }
}

async function offsetAt(
  place: Place | undefined,
  timestamp: number,
  isCommitted: boolean,
  { log, leaderEpoch }: LedPartition,
): Promise<Listed> {
  const end = isCommitted ? log.lastStableOffset : log.highWatermark;
  const visible = (found: Listed | undefined) => (found !== undefined && found.offset < end ? found : nowhere);
  switch (place) {
    case "latest":
      return { timestamp: -1, offset: end, leaderEpoch };
    case "earliest":
    case "earliestLocal":
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: log.epochOfOffset(log.logStartOffset) };
    case "maxTimestamp":
      return visible(await log.maxTimestamp());
    case "latestTiered":
    case "earliestPendingUpload":
      return nowhere; // there is no tiered storage
    case undefined:
      return visible(await log.offsetForTimestamp(timestamp));
  }
}

function placeOf(timestamp: number): Place | undefined {
  return (Object.keys(places) as Place[]).find((place) => places[place].timestamp === timestamp);
}

function refuse({ partitionIndex }: AskedPartition, errorCode: ErrorCode): AnsweredPartition {
  return { partitionIndex, errorCode, ...nowhere };
}
