import assert from "node:assert/strict";
import { ClassicGroup } from "../../../src/group/classic/classic-group.ts";
import type { World } from "./world.ts";

/** A coordinator that has only seen the log knows all that this one holds durable, and each Stable group as it is. */
export function assertReplaysToSameState(world: World): void {
  const { durable, live } = world.coordinator.shard;
  const replayed = world.replayed().shard.durable;
  assert.deepEqual(replayed.groups, durable.groups);
  assert.deepEqual(replayed.offsets, durable.offsets);
  for (const [groupId, group] of live) {
    const saved = replayed.groups.get(groupId);
    assert.ok(saved, `the log knows the group ${groupId}`);
    if (group.state === "Stable") assert.deepEqual(told(new ClassicGroup(groupId, saved)), told(group));
  }
}

/** What members of a Stable group can tell from outside. */
function told(group: ClassicGroup) {
  const { state, generation, protocolType, protocolName, leaderId, members } = group;
  return {
    state,
    generation,
    protocolType,
    protocolName,
    leaderId,
    members: Array.from(members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.terms.rebalanceTimeoutMs,
      sessionTimeoutMs: member.terms.sessionTimeoutMs,
      metadata: member.metadata(protocolName ?? ""),
      assignment: member.assignment,
    })),
  };
}
