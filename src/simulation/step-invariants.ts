/** What must hold of a coordinator around each of its steps, whatever the step was. */
import type { ClassicGroup } from "../group/classic/classic-group.ts";
import type { Member } from "../group/classic/member.ts";
import type { GroupTimer } from "../group/shard.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { GroupStep as Step, WatchedCoordinator } from "./watched-coordinator.ts";
import type { World } from "./world.ts";

/** The parts of requests that say which group, and who speaks. */
interface Spoken {
  readonly groupId: string;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
  readonly generationId?: number;
  readonly generationIdOrMemberEpoch?: number;
  readonly protocols?: readonly { readonly name: string }[];
}

interface Before {
  readonly state: string;
  readonly generation: number;
  readonly members: number;
}

export function bodyOf({ type, request }: Step): Spoken | undefined {
  if (type === "timer" || type === "loaded" || type === "TopicsDeleted" || type === "ListGroups") return undefined;
  return (request as { readonly body: Spoken }).body;
}

/** @returns what is to be checked when the step is over. */
export function watchStep(world: World, coordinator: WatchedCoordinator, step: Step, groupMaxSize: number): () => void {
  const body = bodyOf(step);
  const groupId = body?.groupId ?? groupOfTimer(step);
  if (groupId === undefined) return nothing;
  const checks: ((group: ClassicGroup | undefined) => void)[] = [];
  const group = coordinator.shard.live.get(groupId);
  if (body !== undefined && group !== undefined) {
    if (isStale(step, body, group)) checks.push(changesNothing(world, step, body, snapshot(group)));
    if (isStaticReturn(step, body, group)) checks.push(movesNothing(world, body, group));
    if (step.type === "LeaveGroup") checks.push(isOut(world, step));
  }
  if (group?.state === "PreparingRebalance") checks.push(onlyThoseThatJoined(world, body, group));
  const isOfOffsets = ofOffsets.has(step.type);
  if (isOfOffsets && checks.length === 0) return nothing;
  return () => {
    const after = coordinator.shard.live.get(groupId);
    for (const check of checks) check(after);
    if (after === undefined || isOfOffsets) return;
    checkGroup(world, coordinator, after);
    if (isTooLarge(after, groupMaxSize)) {
      world.violated("a group is no larger than group.max.size", `${groupId} has ${after.members.size} members`);
    }
  };
}

const nothing = () => {};

/** KIP-389. Those that rejoin count; static ones that do not stay all the same. */
function isTooLarge({ state, members }: ClassicGroup, groupMaxSize: number): boolean {
  if (members.size <= groupMaxSize || state === "PreparingRebalance") return false;
  return [...members.values()].every(({ isStatic }) => !isStatic);
}

/** Of a group they touch a session at most. */
const ofOffsets: ReadonlySet<string> = new Set(["OffsetCommit", "OffsetFetch", "OffsetDelete"]);

function groupOfTimer({ type, request }: Step): string | undefined {
  const due = request as GroupTimer | undefined;
  return type === "timer" && due !== undefined && "group" in due ? due.group.groupId : undefined;
}

function snapshot({ state, generation, members }: ClassicGroup): Before {
  return { state, generation, members: members.size };
}

const spoken = new Set(["SyncGroup", "Heartbeat", "OffsetCommit"]);

/** Rule 19: a generation that is over, a member that is out, or one whose instance id another has. */
function isStale({ type }: Step, body: Spoken, group: ClassicGroup): boolean {
  if (!spoken.has(type)) return false;
  const generation = body.generationId ?? body.generationIdOrMemberEpoch ?? -1;
  if (generation < 0) return group.members.size > 0;
  if (generation !== group.generation || !group.members.has(body.memberId ?? "")) return true;
  const instance = body.groupInstanceId ?? null;
  return instance !== null && group.staticMembers.get(instance)?.memberId !== body.memberId;
}

function changesNothing(world: World, step: Step, body: Spoken, before: Before) {
  return (after: ClassicGroup | undefined) => {
    const is = after && snapshot(after);
    const isSame = is?.state === before.state && is.generation === before.generation && is.members === before.members;
    const isRefused = step.replies.every(({ response }) => !saysYes(response));
    if (isSame && isRefused && step.records.length === 0) return;
    const who = `${step.type} of ${body.memberId} in ${body.groupId}, which has generation ${before.generation}`;
    world.violated("what is stale changes nothing", who);
  };
}

function saysYes(response: unknown): boolean {
  const { errorCode, topics } = response as {
    errorCode?: number;
    topics?: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[];
  };
  if (errorCode !== undefined) return errorCode === ErrorCode.NONE;
  return topics?.some(({ partitions }) => partitions.some((each) => each.errorCode === ErrorCode.NONE)) ?? false;
}

/** Rule 31. */
function isStaticReturn({ type }: Step, body: Spoken, group: ClassicGroup): boolean {
  if (type !== "JoinGroup" || body.memberId !== "" || group.state !== "Stable") return false;
  const instance = body.groupInstanceId ?? null;
  const member = instance === null ? undefined : group.staticMembers.get(instance);
  if (member === undefined) return false;
  const names = (offers: readonly { readonly name: string }[]) => offers.map(({ name }) => name).join();
  return names(member.terms.protocols) === names(body.protocols ?? []);
}

function movesNothing(world: World, body: Spoken, before: ClassicGroup) {
  const { generation } = before;
  const assignments = assignmentsOf(before);
  return (after: ClassicGroup | undefined) => {
    const now = after === undefined ? undefined : assignmentsOf(after);
    const isSame =
      after?.state === "Stable" &&
      after.generation === generation &&
      [...assignments].every(([who, assignment]) => now?.get(who) === assignment);
    if (isSame) return;
    const message = `${body.groupInstanceId} of ${body.groupId} came back, and the group is ${after?.state}`;
    world.violated("a static restart moves nothing", message);
  };
}

function isOut(world: World, { replies }: Step) {
  return (after: ClassicGroup | undefined) => {
    const { members = [] } = (replies[0]?.response ?? {}) as { members?: readonly LeftMember[] };
    const stays = members.find(({ memberId, errorCode }) => {
      return errorCode === ErrorCode.NONE && after?.members.has(memberId);
    });
    if (stays !== undefined) world.violated("who leaves is out", `${stays.memberId} of ${after!.groupId}`);
  };
}

interface LeftMember {
  readonly memberId: string;
  readonly errorCode: number;
}

/** Rules 11 and 12: a generation is that of the members that joined it, and static ones; one that joined leads it. */
function onlyThoseThatJoined(world: World, body: Spoken | undefined, before: ClassicGroup) {
  const away = new Set<string>();
  for (const { memberId, parkedJoin } of before.members.values()) if (parkedJoin === null) away.add(memberId);
  return (after: ClassicGroup | undefined) => {
    if (after?.state !== "CompletingRebalance") return;
    away.delete(body?.memberId ?? "");
    const ghost = [...after.members.values()].find(({ memberId, isStatic }) => !isStatic && away.has(memberId));
    if (ghost !== undefined) world.violated("who did not rejoin is out", `${ghost.memberId} of ${after.groupId}`);
    if (away.has(after.leaderId ?? "")) world.violated("who leads has joined", `${after.leaderId} of ${after.groupId}`);
  };
}

function assignmentsOf({ members }: ClassicGroup): Map<string, Uint8Array> {
  return new Map(Array.from(members.values(), (member) => [whoIs(member), member.assignment]));
}

function whoIs({ groupInstanceId, memberId }: Member): string {
  return groupInstanceId ?? memberId;
}

/** A group's own parts agree with each other, and with what is durable; and a timer runs for whatever it waits for. */
export function checkGroup(world: World, coordinator: WatchedCoordinator, group: ClassicGroup): void {
  const wrong = contradiction(coordinator, group);
  if (wrong === undefined) return;
  world.violated("a group agrees with itself", `${group.groupId} in ${group.state}: ${wrong}`);
}

function contradiction(coordinator: WatchedCoordinator, group: ClassicGroup): string | undefined {
  const { state, members, staticMembers, pending, leaderId, generation } = group;
  let parkedJoins = 0;
  for (const member of members.values()) {
    if (member.parkedJoin !== null) {
      parkedJoins++;
      if (!coordinator.parked.has(member.parkedJoin)) return `the join of ${member.memberId} was answered before`;
    }
    if (member.parkedSync !== null && !coordinator.parked.has(member.parkedSync)) {
      return `the sync of ${member.memberId} was answered before`;
    }
    const { parkedHeartbeat } = member;
    if (parkedHeartbeat !== null) {
      if (!coordinator.parked.has(parkedHeartbeat.token)) return `${member.memberId} was answered its heartbeat before`;
      if (!parkedHeartbeat.timer.isSet) return `the heartbeat of ${member.memberId} waits for ever`;
      if (state === "PreparingRebalance") return `${member.memberId} has not heard of the rebalance`;
    }
    if (member.groupInstanceId !== null && staticMembers.get(member.groupInstanceId) !== member) {
      return `${member.memberId} is not known by its instance id`;
    }
    const waits = member.parkedJoin !== null || member.parkedSync !== null;
    if (!waits && !member.timer.isSet) return `the session of ${member.memberId} never ends`;
  }
  for (const { memberId, timer } of pending.values()) if (!timer.isSet) return `${memberId} is pending for ever`;
  if (parkedJoins !== group.parkedJoins) return `it counts ${group.parkedJoins} parked joins and has ${parkedJoins}`;
  if (members.size > 0 && !members.has(leaderId ?? "")) return "its leader is no member";
  switch (state) {
    case "PreparingRebalance":
      return group.joinTimer.isSet ? undefined : "nothing ends its join phase";
    case "CompletingRebalance":
      if (parkedJoins > 0) return "a join was left without an answer";
      return group.syncTimer.isSet ? undefined : "nothing ends its sync phase";
    case "Empty": {
      const saved = coordinator.shard.durable.groups.get(group.groupId);
      if (!coordinator.wasRefused && saved !== undefined && saved.members.length > 0) return "not so in the log";
      return members.size > 0 ? "it has members" : undefined;
    }
    case "Stable": {
      if (members.size === 0) return "it has no members";
      const saved = coordinator.shard.durable.groups.get(group.groupId);
      if (saved?.generation !== generation) return `generation ${generation}, and ${saved?.generation} in the log`;
      if (saved.members.length !== members.size) return "its members are not those in the log";
      for (const { memberId, assignment } of saved.members) {
        const member = members.get(memberId);
        if (member === undefined) return `${memberId} is in the log and not in the group`;
        if (member.assignment !== assignment) return `${memberId} has another assignment in the log`;
        if (member.parkedSync !== null || member.parkedJoin !== null) return `${memberId} waits for an answer`;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}
