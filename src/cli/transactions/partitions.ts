/** The partitions whose producers are asked for: of topics by name, or of all there are. */
import type { Admin } from "../../client/admin/admin.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { FailedError, UsageError } from "../errors.ts";
import { integer } from "../key-values.ts";

export interface PartitionFlags {
  readonly partition?: string;
  readonly brokerId?: string;
}

/** @returns those that a broker leads, internal topics left out unless they are named. @throws {UsageError} */
export async function chosenPartitions(
  admin: Admin,
  topics: readonly string[],
  { partition, brokerId }: PartitionFlags,
): Promise<TopicPartition[]> {
  if (partition !== undefined && topics.length !== 1) throw new UsageError("--partition: expected one topic");
  const isWanted = brokerId === undefined ? undefined : integer("--broker-id", brokerId, 0);
  if (isWanted !== undefined) await assertIsThere(admin, isWanted);
  if (partition !== undefined) {
    return [{ topic: topics[0]!, partition: integer("--partition", partition, 0, 2_147_483_647) }];
  }
  const described = topics.length > 0 ? await admin.describeTopics(topics) : await admin.listTopics();
  return described.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ replicas }) => isWanted === undefined || replicas.includes(isWanted))
      .map((each) => ({ topic, partition: each.partition })),
  );
}

async function assertIsThere(admin: Admin, brokerId: number): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const ids = brokers.map(({ nodeId }) => nodeId);
  if (!ids.includes(brokerId)) throw new FailedError(`there is no broker ${brokerId}, only ${ids.join(", ")}`);
}
