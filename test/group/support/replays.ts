import assert from "node:assert/strict";
import { ClassicGroup } from "../../../src/group/classic/classic-group.ts";
import type { PendingOffsets } from "../../../src/group/pending-offsets.ts";
import type { World } from "./world.ts";

/** A coordinator that has only seen the log knows all that this one holds durable, and each Stable group as it is. */
export function assertReplaysToSameState(world: World): void {
  const { durable, live } = world.coordinator.shard;
  const replayed = world.replayed().shard.durable;
  assert.deepEqual(replayed.groups, durable.groups);
  assert.deepEqual(replayed.offsets, durable.offsets);
  assert.deepEqual(inOrder(replayed.pending), inOrder(durable.pending));
  for (const [groupId, group] of live) {
    const saved = replayed.groups.get(groupId);
    assert.ok(saved, `the log knows the group ${groupId}`);
    if (group.state === "Stable") assert.deepEqual(told(new ClassicGroup(groupId, saved)), told(group));
  }
}

/** Among the pending offsets of one partition the order counts, which deepEqual does not look at. */
function inOrder(pending: PendingOffsets) {
  const partitions = [...pending.groups.keys()].flatMap((group) => [...pending.ofGroup(group)]);
  return new Map(
    partitions.map(({ group, topic, partition, byProducer }) => [`${group} ${topic}-${partition}`, [...byProducer]]),
  );
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
