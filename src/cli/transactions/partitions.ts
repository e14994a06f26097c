/** The partitions whose producers are asked for: of topics by name, or of all there are. */
import type { Admin } from "../../client/admin/admin.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { FailedError, UsageError } from "../errors.ts";
import { integer, largest } from "../key-values.ts";

export interface PartitionFlags {
  readonly partition?: string;
  readonly brokerId?: string;
}

export interface PartitionChoice {
  readonly topics: readonly string[];
  readonly partition: number | undefined;
  readonly brokerId: number | undefined;
}

/** @throws {UsageError} */
export function partitionChoice(topics: readonly string[], flags: PartitionFlags): PartitionChoice {
  if (flags.partition !== undefined && topics.length !== 1) throw new UsageError("--partition: expected one topic");
  const number = (option: string, text: string | undefined) =>
    text === undefined ? undefined : integer(option, text, 0, largest.int32);
  const partition = number("--partition", flags.partition);
  return { topics, partition, brokerId: number("--broker-id", flags.brokerId) };
}

/** @returns those that a broker leads, internal topics left out unless they are named. */
export async function chosenPartitions(
  admin: Admin,
  { topics, partition, brokerId }: PartitionChoice,
): Promise<TopicPartition[]> {
  if (brokerId !== undefined) await assertIsThere(admin, brokerId);
  if (partition !== undefined) return [{ topic: topics[0]!, partition }];
  const described = topics.length > 0 ? await admin.describeTopics(topics) : await admin.listTopics();
  return described.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ replicas }) => brokerId === undefined || replicas.includes(brokerId))
      .map((each) => ({ topic, partition: each.partition })),
  );
}

async function assertIsThere(admin: Admin, brokerId: number): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const ids = brokers.map(({ nodeId }) => nodeId);
  if (!ids.includes(brokerId)) throw new FailedError(`there is no broker ${brokerId}, only ${ids.join(", ")}`);
}
