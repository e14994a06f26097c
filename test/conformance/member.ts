import assert from "node:assert/strict";
import { accepted, main, open, until } from "./suite.ts";
import type { Value } from "./wire/codec.ts";
import type { Connection } from "./wire/connection.ts";
import { subscription } from "./wire/subscription.ts";

export interface MemberOptions {
  address?: string;
  clientId?: string;
  instanceId?: string;
  sessionTimeoutMs?: number;
  rebalanceTimeoutMs?: number;
  protocolType?: string;
  /** Assignors, the most preferred first, each with the topics subscribed to ("orders,payments"). */
  protocols?: [name: string, topics: string][];
}

/** A member of a classic group, with a connection of its own: what it parks holds back nobody else. */
export class Member {
  readonly connection: Connection;
  readonly groupId: string;
  readonly instanceId: string | null;
  readonly protocolType: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: [string, string][];
  memberId = "";
  generationId = -1;
  /** The answer to the last join that succeeded. */
  joined: Value;

  static async of(groupId: string, options: MemberOptions = {}): Promise<Member> {
    return new Member(await open(options.address ?? main, options.clientId), groupId, options);
  }

  private constructor(connection: Connection, groupId: string, options: MemberOptions) {
    this.connection = connection;
    this.groupId = groupId;
    this.instanceId = options.instanceId ?? null;
    this.protocolType = options.protocolType ?? "consumer";
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
    this.rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 30_000;
    this.protocols = options.protocols ?? [["range", "all"]];
  }

  /** Joins; an id that the broker hands out first (KIP-394) is taken and the join sent again. */
  async join(set: Value = {}, version?: number): Promise<Value> {
    const answer = await this.joinOnce(set, version);
    if (answer.errorCode !== 79) return answer;
    this.memberId = answer.memberId;
    return this.joinOnce(set, version);
  }

  async joinOnce(set: Value = {}, version?: number): Promise<Value> {
    const request = {
      groupId: this.groupId,
      sessionTimeoutMs: this.sessionTimeoutMs,
      rebalanceTimeoutMs: this.rebalanceTimeoutMs,
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      protocolType: this.protocolType,
      protocols: this.protocols.map(([name, topics]) => ({ name, metadata: subscription(topics) })),
      ...set,
    };
    const answer = await this.connection.ask("JoinGroup", request, version);
    if (answer.errorCode !== 0) return answer;
    this.memberId = answer.memberId;
    this.generationId = answer.generationId;
    this.joined = answer;
    return answer;
  }

  get isLeader(): boolean {
    return this.joined?.leader === this.memberId;
  }

  /** Asks for an id and does not join with it: the member is pending. */
  async becomePending(): Promise<void> {
    const answer = await this.joinOnce();
    assert.equal(answer.errorCode, 79);
    this.memberId = answer.memberId;
  }

  /** Syncs; `plan` is the leader's: member ids to assignments. */
  sync(plan: Record<string, string> = {}, set: Value = {}, version?: number): Promise<Value> {
    const assignments = Object.entries(plan).map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) }));
    const protocolName = this.joined?.protocolName ?? this.protocols[0]?.[0];
    const names = { protocolType: this.protocolType, protocolName };
    return this.connection.ask("SyncGroup", { ...this.identity, ...names, assignments, ...set }, version);
  }

  /** As the leader: a plan that gives each member known from the join a text of its own. */
  syncAll(): Promise<Value> {
    return this.sync(
      Object.fromEntries(this.joined.members.map(({ memberId }: Value) => [memberId, `to ${memberId}`])),
    );
  }

  heartbeat(set: Value = {}, version?: number): Promise<Value> {
    return this.connection.ask("Heartbeat", { ...this.identity, ...set }, version);
  }

  async leave(set: Value = {}): Promise<Value> {
    const member = { memberId: this.memberId, groupInstanceId: this.instanceId, ...set };
    const answer = accepted(await this.connection.ask("LeaveGroup", { groupId: this.groupId, members: [member] }));
    return answer.members[0];
  }

  private get identity(): Value {
    const { groupId, generationId, memberId, instanceId } = this;
    return { groupId, generationId, memberId, groupInstanceId: instanceId };
  }

  /** Commits one offset. @returns the answer for its partition. */
  commit(topicId: string, offset: number | bigint, set: Value = {}): Promise<Value> {
    const who = { generationIdOrMemberEpoch: this.generationId, memberId: this.memberId };
    return commit(this.connection, this.groupId, topicId, offset, { ...who, groupInstanceId: this.instanceId, ...set });
  }
}

/** Commits one offset of partition 0; by default as nobody's member. @returns the answer for that partition. */
export async function commit(
  connection: Connection,
  groupId: string,
  topicId: string,
  committedOffset: number | bigint,
  set: Value = {},
): Promise<Value> {
  const { partitionIndex = 0, committedMetadata = "", ...request } = set;
  const partitions = [{ partitionIndex, committedOffset, committedMetadata }];
  const answer = await connection.ask("OffsetCommit", { groupId, ...request, topics: [{ topicId, partitions }] });
  return answer.topics[0].partitions[0];
}

/** What is committed for partition 0 of a topic. @returns the answer for that partition. */
export async function committed(connection: Connection, groupId: string, topicId: string, index = 0): Promise<Value> {
  const topics = [{ topicId, partitionIndexes: [index] }];
  const answer = await connection.ask("OffsetFetch", { groups: [{ groupId, topics }] });
  return accepted(answer.groups[0]).topics[0].partitions[0];
}

export async function describe(connection: Connection, groupId: string, version = 6): Promise<Value> {
  const answer = await connection.ask("DescribeGroups", { groups: [groupId] }, version);
  return answer.groups[0];
}

/** Awaits that a group is in a state (and has so many members). */
export async function untilState(connection: Connection, groupId: string, state: string, members?: number) {
  return until(`group ${groupId} is ${state}${members === undefined ? "" : ` with ${members} members`}`, async () => {
    const group = await describe(connection, groupId);
    const fits = members === undefined || group.members.length === members;
    return group.groupState === state && fits && group;
  });
}

/** Members of a new group after one common round, the leader first; nobody has synced yet. */
export async function joinedGroup(groupId: string, each: MemberOptions[]): Promise<Member[]> {
  const [leader, ...others] = await Promise.all(each.map((options) => Member.of(groupId, options)));
  if (!leader) throw new Error("a group of nobody");
  accepted(await leader.join());
  if (others.length === 0) return [leader];
  const joins = others.map((member) => member.join());
  await untilState(leader.connection, groupId, "PreparingRebalance", each.length);
  for (const answer of await Promise.all([leader.join(), ...joins])) accepted(answer);
  return [leader, ...others];
}

/** A group in Stable, the leader first: each member is assigned the text "to <its id>". */
export async function stableGroup(groupId: string, each: MemberOptions[] = [{}]): Promise<Member[]> {
  const members = await joinedGroup(groupId, each);
  const [leader, ...others] = members as [Member, ...Member[]];
  for (const answer of await Promise.all([leader.syncAll(), ...others.map((member) => member.sync())]))
    accepted(answer);
  return members;
}
