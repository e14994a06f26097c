/**
 * Rule 36: topics and partitions that do not exist are told apart before a group is asked about the others.
 */
import { ErrorCode } from "../protocol/errors.ts";
import { zeroUuid } from "../protocol/schema.ts";
import type { MetadataView, TopicImage } from "./context.ts";

interface AskedTopic<P> {
  readonly name: string;
  readonly topicId?: string;
  readonly partitions: P[];
}

export interface RefusedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: ErrorCode }[];
}

export interface KnownTopic<P> {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: P[];
}

/**
 * @param byId whether topics are named by their ids.
 * @returns what exists, with name and id, and the rest with its errors.
 */
export function splitTopics<P extends { readonly partitionIndex: number }>(
  topics: readonly AskedTopic<P>[],
  byId: boolean,
  metadata: MetadataView,
): { readonly known: KnownTopic<P>[]; readonly unknown: RefusedTopic[] } {
  const known: KnownTopic<P>[] = [];
  const unknown: RefusedTopic[] = [];
  for (const { name, topicId = zeroUuid, partitions } of topics) {
    const image = byId ? metadata.topicById(topicId) : metadata.topic(name);
    if (image !== undefined && hasAll(image, partitions)) {
      known.push({ name: image.name, topicId: image.topicId, partitions });
      continue;
    }
    const exists = ({ partitionIndex }: P) => image?.partitions[partitionIndex] !== undefined;
    const missing = partitions.filter((partition) => !exists(partition));
    if (image !== undefined && missing.length < partitions.length) {
      known.push({ name: image.name, topicId: image.topicId, partitions: partitions.filter(exists) });
    }
    if (missing.length === 0) continue;
    const errorCode = byId && image === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const refused = missing.map(({ partitionIndex }) => ({ partitionIndex, errorCode }));
    unknown.push({ name: byId ? "" : name, topicId, partitions: refused });
  }
  return { known, unknown };
}

/** As nearly all have. */
function hasAll(image: TopicImage, partitions: readonly { readonly partitionIndex: number }[]): boolean {
  for (const { partitionIndex } of partitions) if (image.partitions[partitionIndex] === undefined) return false;
  return partitions.length > 0;
}

interface AnsweredTopic {
  readonly name?: string | undefined;
  readonly topicId?: string | undefined;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

/** One answer of two: the partitions of a topic stand together, those that do not exist before the others. */
export function joinTopics(
  unknown: readonly RefusedTopic[],
  answered: readonly AnsweredTopic[],
  byId: boolean,
): readonly AnsweredTopic[] {
  if (unknown.length === 0) return answered;
  const keyOf = ({ name, topicId }: AnsweredTopic) => (byId ? topicId : name);
  const joined: AnsweredTopic[] = [...unknown];
  const placeOf = new Map(unknown.map((topic, place) => [keyOf(topic), place]));
  for (const topic of answered) {
    const place = placeOf.get(keyOf(topic));
    if (place === undefined) joined.push(topic);
    else joined[place] = { ...topic, partitions: joined[place]!.partitions.concat(topic.partitions) };
  }
  return joined;
}
