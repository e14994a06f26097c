/** Which transactions hang (KIP-664): open in a partition, and no coordinator knows that they are. */
import type { Admin } from "../../client/admin/admin.ts";
import type { ProducerState } from "../../client/admin/transactions.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { partial } from "../partial.ts";

export type OpenTransaction = TopicPartition & ProducerState & { readonly currentTransactionStartOffset: number };

/** @param candidates that have been open for longer than any coordinator allows. */
export async function hangingOf(admin: Admin, candidates: readonly OpenTransaction[]): Promise<OpenTransaction[]> {
  if (candidates.length === 0) return [];
  const producerIds = [...new Set(candidates.map(({ producerId }) => producerId))];
  const listed = await admin.listTransactions({ producerIds });
  const idOf = new Map(listed.map(({ producerId, transactionalId }) => [producerId, transactionalId]));
  const ids = [...new Set(idOf.values())];
  // One that was forgotten between the two calls is known to nobody either.
  const { results, failures } = await partial(admin.describeTransactions(ids), "TRANSACTIONAL_ID_NOT_FOUND");
  if (failures.length > 0) throw failures[0]!.error;
  const described = new Map(results.map((each) => [each.transactionalId, each]));
  return candidates.filter(({ topic, partition, producerId }) => {
    const known = described.get(idOf.get(producerId) ?? "")?.partitions ?? [];
    return !known.some((each) => each.topic === topic && each.partition === partition);
  });
}
