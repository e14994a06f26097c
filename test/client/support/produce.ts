import { readConfig } from "../../../src/client/config.ts";
import { openCluster } from "../../../src/client/open-cluster.ts";
import type { TopicPartition } from "../../../src/client/topic-partition.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { Produce } from "../../../src/protocol/apis/produce.ts";
import type { CompressionType } from "../../../src/protocol/platform.ts";
import { encodeBatch, type NewBatch } from "../../../src/protocol/records/batch.ts";
import { until } from "../../interop/support/until.ts";

type Options = Partial<Omit<NewBatch, "records" | "compression">> & { readonly compression?: CompressionType };

/** One batch to one partition; values have timestamps 1000, 2000, … and keys k0, k1, … */
export async function produce(
  bootstrapServers: string,
  { topic, partition }: TopicPartition,
  values: readonly string[],
  options: Options = {},
): Promise<void> {
  await using cluster = openCluster(readConfig("producer", { bootstrapServers }));
  const records = values.map((value, index) => {
    return { timestamp: 1000 * (index + 1), key: Buffer.from(`k${index}`), value: Buffer.from(value) };
  });
  const batch = encodeBatch({ ...options, records }, nodePlatform);
  const data = { topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }] };
  const request = { transactionalId: null, acks: -1, timeoutMs: 10_000, ...data };
  await until("the leader takes the records", async () => {
    const answer = await cluster.send({ leader: { topic, partition } }, Produce, request, { versions: [3, 12] });
    return answer.responses[0]?.partitionResponses[0]?.errorCode === 0;
  });
}
