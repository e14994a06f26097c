import { consumerProtocolType, partitionsOf } from "../consumer-protocol.ts";
import type { GroupMetadata, MemberMetadata } from "../record.ts";
import { sameBytes } from "./member.ts";

/** topic → partition → who has it. */
type Owners = Map<string, Map<number, string>>;

/**
 * How many partitions have another owner than before, or one at last, or none any more. A static member that came back
 * under a new id is the same owner. undefined where assignments are not the consumer protocol's.
 */
export function movedPartitions(before: GroupMetadata | undefined, after: GroupMetadata): number | undefined {
  if (after.protocolType !== consumerProtocolType) return undefined;
  const old = before?.members ?? [];
  const oldOwners = ownersOf(membersThatChanged(old, after.members));
  const newOwners = ownersOf(membersThatChanged(after.members, old));
  if (oldOwners === undefined || newOwners === undefined) return undefined;
  let moved = 0;
  for (const [topic, partitions] of newOwners) {
    for (const [partition, owner] of partitions) if (oldOwners.get(topic)?.get(partition) !== owner) moved++;
  }
  for (const [topic, partitions] of oldOwners) {
    for (const partition of partitions.keys()) if (!newOwners.get(topic)?.has(partition)) moved++;
  }
  return moved;
}

/** Those of whose partitions none can have moved are not looked into: in a large group most. */
function membersThatChanged(members: readonly MemberMetadata[], others: readonly MemberMetadata[]): MemberMetadata[] {
  const dynamic = new Map<string, Uint8Array>();
  const byInstance = new Map<string, Uint8Array>();
  for (const { memberId, groupInstanceId, assignment } of others) {
    if (groupInstanceId === null) dynamic.set(memberId, assignment);
    else byInstance.set(groupInstanceId, assignment);
  }
  return members.filter(({ memberId, groupInstanceId, assignment }) => {
    const other = groupInstanceId === null ? dynamic.get(memberId) : byInstance.get(groupInstanceId);
    return other === undefined || !sameBytes(assignment, other);
  });
}

function ownersOf(members: readonly MemberMetadata[]): Owners | undefined {
  const owners: Owners = new Map();
  for (const member of members) {
    const owner = ownerName(member);
    const topics = partitionsOf(member.assignment);
    if (topics === undefined) return undefined;
    for (const { topic, partitions } of topics) {
      const ofTopic = owners.get(topic) ?? new Map<number, string>();
      owners.set(topic, ofTopic);
      for (const partition of partitions) ofTopic.set(partition, owner);
    }
  }
  return owners;
}

function ownerName({ memberId, groupInstanceId }: MemberMetadata): string {
  return groupInstanceId === null ? `member ${memberId}` : `instance ${groupInstanceId}`;
}
