/** Asks the coordinator what it knows of a group, past all clients, faults and history. */
import type { BrokerServices } from "../broker/context.ts";
import type { GroupRequests } from "../group/requests.ts";
import { consumerProtocolType, decodeAssignment } from "../protocol/consumer-protocol.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { GroupMember, GroupView } from "./group.ts";

export async function lookAtGroup(broker: BrokerServices, groupId: string, generation: number): Promise<GroupView> {
  const partition = broker.groupPartition(groupId);
  const asked = { version: 5, clientId: "", clientHost: "" };
  const nothing = { groupId, generation, assignor: "", members: [], offsets: {} };
  const described = await broker.groups.submit(partition, "DescribeGroup", { ...asked, body: { groupId } });
  if (!described.ok) {
    const isThere = broker.metadata.topic("__consumer_offsets") !== undefined;
    return { ...nothing, state: isThere ? "Loading" : "Dead" };
  }
  const body = { groupId, memberId: null, memberEpoch: -1, topics: null, requireStable: false };
  const fetched = await broker.groups.submit(partition, "OffsetFetch", { ...asked, body });
  const { groupState, protocolType, protocolData, members } = described.reply;
  return {
    ...nothing,
    state: groupState,
    assignor: protocolData,
    members: members.map((member) => memberOf(member, protocolType)),
    offsets: fetched.ok && fetched.reply.errorCode === ErrorCode.NONE ? offsetsOf(fetched.reply) : {},
  };
}

type Described = GroupRequests["DescribeGroup"]["reply"]["members"][number];

function memberOf(member: Described, protocolType: string): GroupMember {
  const { memberId, clientId, groupInstanceId, memberAssignment } = member;
  const isTold = protocolType === consumerProtocolType && memberAssignment.length > 0;
  const assigned = isTold ? decodeAssignment(memberAssignment).assignedPartitions : [];
  const partitions = Object.fromEntries(assigned.map((each) => [each.topic, each.partitions]));
  return { memberId, clientId, groupInstanceId, partitions };
}

function offsetsOf({ topics }: GroupRequests["OffsetFetch"]["reply"]): GroupView["offsets"] {
  return Object.fromEntries(
    topics.map(({ name, partitions }) => [
      name,
      Object.fromEntries(partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset])),
    ]),
  );
}
