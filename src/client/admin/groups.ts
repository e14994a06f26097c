/** Groups: listed on all brokers, described by their coordinators, deleted; members removed. */
import { ConsumerGroupDescribe } from "../../protocol/apis/consumer-group-describe.ts";
import { DeleteGroups } from "../../protocol/apis/delete-groups.ts";
import { DescribeGroups } from "../../protocol/apis/describe-groups.ts";
import { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import { ListGroups } from "../../protocol/apis/list-groups.ts";
import { consumerProtocolType, decodeAssignment, decodeSubscription } from "../../protocol/consumer-protocol.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { ResponseOf } from "../../protocol/schema.ts";
import type { BrokerNode, Cluster } from "../cluster.ts";
import { brokerError, UnsupportedVersionError } from "../errors.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { type AdminOptions, type Attempt, errorOr, forEach, type Outcome, retrying } from "./attempts.ts";
import { atCoordinators, ofGroup } from "./routing.ts";
import { errorOf } from "./topics.ts";

export interface ListGroupsOptions extends AdminOptions {
  /** "Stable", "Empty", …: only groups in one of these states (Kafka 2.6 and later). */
  readonly states?: readonly string[];
  /** "classic", "consumer", …: only groups of one of these types (Kafka 3.8 and later). */
  readonly types?: readonly string[];
}

/** A group as a list shows it. */
export interface GroupListing {
  readonly groupId: string;
  /** "consumer" for consumers; "" for a group that only has offsets. */
  readonly protocolType: string;
  /** "": the broker does not tell. */
  readonly state: string;
  /** "classic", "consumer", …; "": the broker does not tell. */
  readonly type: string;
  readonly coordinator: BrokerNode;
}

/** A member of a group, as the coordinator knows it. */
export interface MemberDescription {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As the broker saw it: "/127.0.0.1". */
  readonly clientHost: string;
  readonly assignment: readonly TopicPartition[];
  /** What the member told of itself; empty while the group rebalances. */
  readonly subscribedTopics: readonly string[];
  /** As it came, for protocol types other than "consumer". */
  readonly memberMetadata: Uint8Array;
  readonly memberAssignment: Uint8Array;
  /** Only of groups of the consumer protocol (KIP-848). */
  readonly reconciliation?: MemberReconciliation;
}

/** How far a member is on its way to what the coordinator wants it to have. */
export interface MemberReconciliation {
  readonly memberEpoch: number;
  readonly targetAssignment: readonly TopicPartition[];
  /** "classic": a member that has not been upgraded yet; undefined: the broker does not tell (KIP-1099). */
  readonly memberType: "classic" | "consumer" | undefined;
}

/** A group, as its coordinator knows it. */
export interface GroupDescription {
  readonly groupId: string;
  readonly type: "classic" | "consumer";
  readonly state: string;
  readonly protocolType: string;
  /** The assignor that the members agreed on; "" while there is none. */
  readonly assignor: string;
  readonly coordinator: BrokerNode;
  readonly members: readonly MemberDescription[];
  /** Only of groups of the consumer protocol (KIP-848): the group's epoch, and that of its target assignment. */
  readonly epochs?: { readonly group: number; readonly assignment: number };
  /** The last ones, the oldest first, if asked for; undefined: the broker does not tell, only regroup does. */
  readonly rebalances?: readonly RebalanceDescription[];
}

/** As the coordinator saw it. */
export interface RebalanceDescription {
  readonly reason: string;
  readonly fromGeneration: number;
  readonly toGeneration: number;
  /** Milliseconds since 1970, by the coordinator's clock. */
  readonly completedMs: number;
  readonly durationMs: number;
  /** How many there are since. */
  readonly members: number;
  /** Member ids that are in `toGeneration` and were not in `fromGeneration`, and the other way round. */
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

export interface DescribeGroupsOptions extends AdminOptions {
  readonly includeRebalances?: boolean;
}

/** A member is told by its instance id if it is static, else by its member id. */
export type MemberToRemove = { readonly groupInstanceId: string } | { readonly memberId: string };

export interface RemoveMembersOptions extends AdminOptions {
  /** What the coordinator logs and the others see as the reason of the rebalance (KIP-800). */
  readonly reason?: string;
}

const noBytes = new Uint8Array(0);

/** Brokers tell of the groups that they coordinate: all are asked. */
export async function listGroups(
  cluster: Cluster,
  { states = [], types = [], ...options }: ListGroupsOptions,
): Promise<GroupListing[]> {
  const { brokers } = await retrying(cluster, options, (attempt) => cluster.metadata([], attempt));
  const listed = await forEach(cluster, [...brokers.values()], options, (pending, attempt) => {
    return Promise.all(pending.map((broker) => groupsAt(cluster, broker, states, types, attempt)));
  });
  const byId = new Map(listed.flat().map((group) => [group.groupId, group]));
  return [...byId.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

async function groupsAt(
  cluster: Cluster,
  coordinator: BrokerNode,
  states: readonly string[],
  types: readonly string[],
  attempt: Attempt,
): Promise<Outcome<BrokerNode, GroupListing[]>> {
  const request = {
    ...(states.length > 0 ? { statesFilter: states } : {}),
    ...(types.length > 0 ? { typesFilter: types } : {}),
  };
  const lowest = types.length > 0 ? 5 : states.length > 0 ? 4 : 0;
  const versions = [lowest, ListGroups.versions[1]] as const;
  const { errorCode, groups } = await cluster.send(coordinator.nodeId, ListGroups, request, { ...attempt, versions });
  return errorOr(coordinator, errorOf(errorCode, `list groups of node ${coordinator.nodeId}`), () =>
    groups.map(({ groupId, protocolType, groupState, groupType }) => {
      return { groupId, protocolType, state: groupState, type: groupType, coordinator };
    }),
  );
}

const itself = ({ groupId }: { readonly groupId: string }) => ({ group: groupId });

export function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  { includeRebalances = false, ...options }: DescribeGroupsOptions,
): Promise<GroupDescription[]> {
  const items = groupIds.map((groupId) => ({ groupId }));
  return atCoordinators(cluster, items, itself, options, async (nodeId, theirs, attempt) => {
    const ids = theirs.map(({ groupId }) => groupId);
    const [coordinator, { groups }] = await Promise.all([
      nodeOf(cluster, nodeId, attempt),
      cluster.send(nodeId, DescribeGroups, { groups: ids, includeRebalances }, attempt),
    ]);
    const found = new Map(groups.map((group) => [group.groupId, group]));
    const strangers = ids.filter((id) => isUnknown(found.get(id)));
    const others = await describeNewGroups(cluster, coordinator, strangers, attempt);
    return theirs.map((item): Outcome<typeof item, GroupDescription> => {
      const other = others.get(item.groupId);
      if (other !== undefined) return { item, result: other };
      const group = found.get(item.groupId);
      const code = isUnknown(group) ? ErrorCode.GROUP_ID_NOT_FOUND : group.errorCode;
      const error = errorOf(code, `group ${item.groupId}`, group?.errorMessage);
      return errorOr(item, error, () => classicGroup(group!, coordinator));
    });
  });
}

type ClassicGroup = ResponseOf<typeof DescribeGroups>["groups"][number];

/** Before version 6 a group that does not exist is described as dead (KIP-1043). */
function isUnknown(group: ClassicGroup | undefined): group is undefined {
  if (group === undefined || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return true;
  return group.errorCode === ErrorCode.NONE && group.groupState === "Dead";
}

function classicGroup(group: ClassicGroup, coordinator: BrokerNode): GroupDescription {
  const isConsumers = group.protocolType === consumerProtocolType;
  const members = group.members.map((member): MemberDescription => {
    const { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment } = member;
    const assigned = isConsumers ? lenient(memberAssignment, decodeAssignment)?.assignedPartitions : undefined;
    const topics = isConsumers ? lenient(memberMetadata, decodeSubscription)?.topics : undefined;
    return {
      memberId,
      groupInstanceId,
      clientId,
      clientHost,
      assignment: flatPartitions(assigned ?? []),
      subscribedTopics: topics ?? [],
      memberMetadata,
      memberAssignment,
    };
  });
  const { groupId, groupState: state, protocolType, protocolData: assignor, rebalances } = group;
  const told = rebalances === null ? {} : { rebalances };
  return { groupId, type: "classic", state, protocolType, assignor, coordinator, members, ...told };
}

/** What members of some other library wrote need not be readable; the rest of the description stands. */
function lenient<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** Groups of the consumer protocol of KIP-848, where the broker has it. */
async function describeNewGroups(
  cluster: Cluster,
  coordinator: BrokerNode,
  groupIds: readonly string[],
  attempt: Attempt,
): Promise<Map<string, GroupDescription>> {
  if (groupIds.length === 0) return new Map();
  try {
    const request = { groupIds, includeAuthorizedOperations: false };
    const { groups } = await cluster.send(coordinator.nodeId, ConsumerGroupDescribe, request, attempt);
    const found = groups.filter(({ errorCode }) => errorCode === ErrorCode.NONE);
    return new Map(found.map((group) => [group.groupId, newGroup(group, coordinator)]));
  } catch (error) {
    if (error instanceof UnsupportedVersionError) return new Map();
    throw error;
  }
}

type NewGroup = ResponseOf<typeof ConsumerGroupDescribe>["groups"][number];

function newGroup(group: NewGroup, coordinator: BrokerNode): GroupDescription {
  const members = group.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    assignment: partitionsOf(member.assignment),
    subscribedTopics: member.subscribedTopicNames,
    memberMetadata: noBytes,
    memberAssignment: noBytes,
    reconciliation: {
      memberEpoch: member.memberEpoch,
      targetAssignment: partitionsOf(member.targetAssignment),
      memberType: memberTypes[member.memberType],
    },
  }));
  const { groupId, groupState: state, assignorName: assignor } = group;
  const epochs = { group: group.groupEpoch, assignment: group.assignmentEpoch };
  const protocolType = consumerProtocolType;
  return { groupId, type: "consumer", state, protocolType, assignor, coordinator, members, epochs };
}

/** By their number on the wire; -1 is that of brokers which do not tell. */
const memberTypes: readonly ("classic" | "consumer")[] = ["classic", "consumer"];

function partitionsOf({ topicPartitions }: NewGroup["members"][number]["assignment"]): TopicPartition[] {
  return flatPartitions(topicPartitions.map(({ topicName, partitions }) => ({ topic: topicName, partitions })));
}

function flatPartitions(topics: readonly { topic: string; partitions: readonly number[] }[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

/** FindCoordinator may be all that was asked so far. */
async function nodeOf(cluster: Cluster, nodeId: number, attempt: Attempt): Promise<BrokerNode> {
  const known = cluster.known.brokers.get(nodeId) ?? (await cluster.metadata([], attempt)).brokers.get(nodeId);
  return known ?? { nodeId, host: "", port: -1, rack: null };
}

export async function deleteGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: AdminOptions,
): Promise<void> {
  const items = groupIds.map((groupId) => ({ groupId }));
  await atCoordinators(cluster, items, itself, options, async (nodeId, theirs, attempt) => {
    const groupsNames = theirs.map(({ groupId }) => groupId);
    const { results } = await cluster.send(nodeId, DeleteGroups, { groupsNames }, attempt);
    const codes = new Map(results.map(({ groupId, errorCode }) => [groupId, errorCode]));
    return theirs.map((item) => {
      const code = codes.get(item.groupId) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      return errorOr(item, errorOf(code, `delete group ${item.groupId}`), () => undefined);
    });
  });
}

export async function removeMembers(
  cluster: Cluster,
  groupId: string,
  members: readonly MemberToRemove[] | "all",
  { reason = "removed by an administrator", ...options }: RemoveMembersOptions,
): Promise<void> {
  const items = members === "all" ? await membersOf(cluster, groupId, options) : members;
  await atCoordinators(cluster, items, ofGroup(groupId), options, async (nodeId, theirs, attempt) => {
    const asked = theirs.map((item) => ({ ...identity(item), reason }));
    const versions = [3, LeaveGroup.versions[1]] as const;
    const request = { groupId, members: asked };
    const answer = await cluster.send(nodeId, LeaveGroup, request, { ...attempt, versions });
    if (answer.errorCode !== ErrorCode.NONE) throw brokerError(answer.errorCode, `group ${groupId}: remove members`);
    return theirs.map((item, index) => {
      const { groupInstanceId, memberId } = identity(item);
      const code = answer.members[index]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      const what = `group ${groupId}: remove member ${groupInstanceId ?? memberId}`;
      return errorOr(item, errorOf(code, what), () => undefined);
    });
  });
}

function identity(member: MemberToRemove): { memberId: string; groupInstanceId: string | null } {
  return "groupInstanceId" in member
    ? { memberId: "", groupInstanceId: member.groupInstanceId }
    : { memberId: member.memberId, groupInstanceId: null };
}

async function membersOf(cluster: Cluster, groupId: string, options: AdminOptions): Promise<MemberToRemove[]> {
  const [group] = await describeGroups(cluster, [groupId], options);
  return group!.members.map(({ memberId, groupInstanceId }) => {
    return groupInstanceId === null ? { memberId } : { groupInstanceId };
  });
}
