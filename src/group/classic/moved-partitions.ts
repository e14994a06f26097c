import { consumerProtocolType, partitionsOf } from "../consumer-protocol.ts";
import type { GroupMetadata } from "../record.ts";

/**
 * How many partitions have another owner than before, or one at last, or none any more. A static member that came back
 * under a new id is the same owner. undefined where assignments are not the consumer protocol's.
 */
export function movedPartitions(before: GroupMetadata | undefined, after: GroupMetadata): number | undefined {
  if (after.protocolType !== consumerProtocolType) return undefined;
  const oldOwners = before === undefined ? new Map<string, string>() : ownersOf(before);
  const newOwners = ownersOf(after);
  if (oldOwners === undefined || newOwners === undefined) return undefined;
  let moved = 0;
  for (const [partition, owner] of newOwners) if (oldOwners.get(partition) !== owner) moved++;
  for (const partition of oldOwners.keys()) if (!newOwners.has(partition)) moved++;
  return moved;
}

function ownersOf({ members }: GroupMetadata): Map<string, string> | undefined {
  const owners = new Map<string, string>();
  for (const { memberId, groupInstanceId, assignment } of members) {
    const owner = groupInstanceId === null ? `member ${memberId}` : `instance ${groupInstanceId}`;
    const topics = partitionsOf(assignment);
    if (topics === undefined) return undefined;
    for (const { topic, partitions } of topics) {
      for (const partition of partitions) owners.set(`${topic}-${partition}`, owner);
    }
  }
  return owners;
}
