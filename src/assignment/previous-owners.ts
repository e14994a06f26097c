/** What members say they had before this rebalance, and what of it holds. */
import type { TopicPartitions } from "../protocol/consumer-protocol.ts";
import { nobody } from "./assignment-plan.ts";
import type { GroupLayout } from "./group-layout.ts";

/** What one member says it had. */
export interface Claims {
  readonly partitions: readonly TopicPartitions[];
  /** In which generation; -1: unknown, or none. */
  readonly generation: number;
  /** The generation that the subscription itself tells, since its version 2; before, and for none, -1. */
  readonly subscriptionGeneration: number;
}

export interface PreviousOwners {
  /** Of each partition, the member whose claim holds, or `nobody`. */
  readonly owner: Int32Array;
  /** Of each partition, the member that had it last before the group's current generation, or `nobody`. */
  readonly former: Int32Array;
}

/**
 * Of several claims to a partition that of the highest generation holds; of several in one generation, none. As in
 * Java, a claim that stands is measured by its subscription's generation: subscriptions before version 2 yield to any
 * later member, by id, that knows its generation. Partitions and topics that do not exist any more are passed over.
 * @param claims of each member
 */
export function previousOwners(layout: GroupLayout, claims: readonly Claims[]): PreviousOwners {
  const partitionCount = layout.firstPartition[layout.topics.length]!;
  const owner = new Int32Array(partitionCount).fill(nobody);
  const former = new Int32Array(partitionCount).fill(nobody);
  const contested = new Uint8Array(partitionCount);
  const current = claims.reduce((highest, { generation }) => Math.max(highest, generation), -1);
  claims.forEach(({ generation }, member) => {
    eachClaim(layout, claims[member]!, (partition) => {
      const other = owner[partition]!;
      const standing = other === nobody ? -2 : claims[other]!.subscriptionGeneration;
      if (generation > standing) {
        owner[partition] = member;
        contested[partition] = 0;
      } else if (other !== member && generation === standing) contested[partition] = 1;
      if (generation === current) return;
      const last = former[partition]!;
      if (last === nobody || generation > claims[last]!.generation) former[partition] = member;
    });
  });
  for (let partition = 0; partition < partitionCount; partition++) {
    if (contested[partition] === 1) owner[partition] = nobody;
  }
  return { owner, former };
}

/** In the order in which the member tells them. */
export function eachClaim(
  layout: GroupLayout,
  { partitions }: Claims,
  visit: (partition: number, topic: number) => void,
): void {
  for (const { topic, partitions: numbers } of partitions) {
    const index = layout.topicIndex.get(topic);
    if (index === undefined) continue;
    const first = layout.firstPartition[index]!;
    const count = layout.firstPartition[index + 1]! - first;
    for (const number of numbers) if (number >= 0 && number < count) visit(first + number, index);
  }
}
