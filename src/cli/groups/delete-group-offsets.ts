/** Makes a group forget what it has committed of some partitions. */
import type { Admin } from "../../client/admin/admin.ts";
import type { TopicDescription } from "../../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { FailedError } from "../errors.ts";
import { type Failure, partial } from "../partial.ts";
import { partitionFailures } from "./partition-failures.ts";
import { byTopicAndPartition } from "./partition-list.ts";
import type { TopicChoice } from "./topic-choice.ts";

export interface ForgottenOffset extends TopicPartition {
  readonly priorOffset: number | null;
  /** Why it was not deleted. */
  readonly error: Failure["error"] | undefined;
}

export interface ForgottenOffsets {
  /** By topic and partition. */
  readonly offsets: readonly ForgottenOffset[];
  /** Topics that are not known: each item is a topic's name. */
  readonly unknown: readonly Failure[];
}

export interface ForgetOptions {
  readonly dryRun: boolean;
}

export async function deleteGroupOffsets(
  admin: Admin,
  groupId: string,
  choices: readonly TopicChoice[],
  { dryRun }: ForgetOptions,
): Promise<ForgottenOffsets> {
  const whole = choices.filter(({ partitions }) => partitions === "all").map(({ topic }) => topic);
  const [committed, { results: topics, failures }] = await Promise.all([
    admin.listGroupOffsets(groupId),
    whole.length === 0 ? none : partial<TopicDescription>(admin.describeTopics(whole)),
  ]);
  const partitionsOf = ({ topic, partitions }: TopicChoice): TopicPartition[] => {
    if (partitions !== "all") return partitions.map((partition) => ({ topic, partition }));
    const known = topics.find((each) => each.topic === topic)?.partitions;
    // Of a topic that is gone, offsets may have stayed.
    return (known ?? committed.filter((each) => each.topic === topic)).map(({ partition }) => ({ topic, partition }));
  };
  const partitions = choices.flatMap(partitionsOf).sort(byTopicAndPartition);
  const refused = dryRun || partitions.length === 0 ? [] : await refusals(admin, groupId, partitions);
  const errors = new Map(refused.map(({ item, error }) => [keyOf(item as TopicPartition), error]));
  const priors = new Map(committed.map((each) => [keyOf(each), each.offset]));
  const offsets = partitions.map((each) => {
    return { ...each, priorOffset: priors.get(keyOf(each)) ?? null, error: errors.get(keyOf(each)) };
  });
  const found = new Set(partitions.map(({ topic }) => topic));
  return { offsets, unknown: failures.filter(({ item }) => !found.has(item as string)) };
}

/** @throws {FailedError} with a line for each reason. */
export function throwUndeleted(group: string, offsets: readonly ForgottenOffset[], unknown: readonly Failure[]): void {
  const refused = offsets.flatMap((item) => (item.error === undefined ? [] : [{ item, error: item.error }]));
  const lines = [...unknown.map(({ error }) => error.message), ...partitionFailures(group, refused)];
  if (lines.length > 0) throw new FailedError(lines.join("\n"));
}

const none = { results: [], failures: [] };

async function refusals(admin: Admin, groupId: string, of: readonly TopicPartition[]): Promise<readonly Failure[]> {
  return (await partial(admin.deleteGroupOffsets(groupId, of).then(() => []))).failures;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
