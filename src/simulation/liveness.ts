/** What must be so in the end: all groups Stable and everything read by one member; and later nothing left over. */
import type { GroupTimer } from "../group/shard.ts";
import { zeroUuid } from "../protocol/schema.ts";
import { isPrepared } from "../transaction/record.ts";
import type { Cluster } from "./cluster.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { Simulation } from "./simulation.ts";

/** @returns why it is not so yet. */
export function comesToRest(simulation: Simulation): string | undefined {
  const { cluster, members, twins } = simulation;
  const down = cluster.brokers.find(({ isUp }) => !isUp);
  if (down !== undefined) return `${down.name} does not serve`;
  const open = twins.find(({ isRunning }) => isRunning);
  if (open !== undefined) return `${open.name} has not closed`;
  const [gone] = cluster.goneTopics;
  if (gone !== undefined) return `${gone} is not back`;
  for (const [groupId, all] of Map.groupBy(members, ({ plan }) => plan.groupId)) {
    const running = all.filter(({ isRunning }) => isRunning);
    const why = groupAtRest(simulation, groupId, running);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Generations of all groups: as long as they stay, nothing rebalances. */
export function generations({ cluster }: Simulation): string {
  const groups = cluster.coordinators().flatMap(({ shard }) => [...shard.live.values()]);
  return groups.map(({ groupId, generation }) => `${groupId} ${generation}`).join(", ");
}

function groupAtRest(simulation: Simulation, groupId: string, running: readonly ConsumerNode[]): string | undefined {
  const group = simulation.cluster.shardAt(groupId)?.shard.live.get(groupId);
  for (const { name, machine } of running) {
    if (machine!.state !== "Stable") return `${name} of ${groupId} is ${machine!.state}`;
    if (!group?.members.has(machine!.memberId)) return `${name} is not in ${groupId}`;
  }
  if (running.length > 0 && group?.state !== "Stable") return `${groupId} is ${group?.state}`;
  if ((group?.members.size ?? 0) !== running.length) return `${groupId} has ${group?.members.size} members`;
  const leader = running.find(({ machine }) => machine!.memberId === group?.leaderId);
  const mayBeLeftOut = leader !== undefined && isStatic(leader) && leader.starts > 1;
  return unread(simulation, groupId, running, mayBeLeftOut);
}

/** @param mayBeLeftOut the leader came back (KIP-814): it does not know what others were still to give up. */
function unread(
  simulation: Simulation,
  groupId: string,
  running: readonly ConsumerNode[],
  mayBeLeftOut: boolean,
): string | undefined {
  for (const [topic, count] of simulation.admin.partitions) {
    if (!running.some(({ topics }) => topics.includes(topic))) continue;
    const planned = simulation.plan.topics.find(({ name }) => name === topic)!.partitions;
    const noticed = running.some(isStatic) ? ofOldPlan(simulation, planned) : count;
    for (let partition = 0; partition < noticed; partition++) {
      const owners = simulation.ownership.ownersOf(groupId, topic, partition);
      if (owners.length === 0 && mayBeLeftOut) continue;
      if (owners.length !== 1) return `${topic}-${partition} of ${groupId} has ${owners.length} owners`;
      if (!owners[0]!.topics.includes(topic)) return `${owners[0]!.name} reads ${topic}, which it does not want`;
    }
  }
  return undefined;
}

/**
 * KIP-814 and rule 31: a static leader that comes back is not told what the group's plan covers, so partitions that
 * were added while it was away, or topics that it subscribes to since, stay unread until something else changes, as
 * with Java's client. @returns how many of a topic's partitions are sure to be in the plan.
 */
function ofOldPlan({ plan }: Simulation, planned: number): number {
  const changes = new Set(["subscription changes", "topic is deleted"]);
  return plan.faults.some(({ kind }) => changes.has(kind)) ? 0 : planned;
}

function isStatic({ plan }: ConsumerNode): boolean {
  return plan.groupInstanceId !== null;
}

/** What was acknowledged comes to somebody in each group that reads its partition. */
export function unhandled({ plan, members, producers, ownership, cluster }: Simulation): string | undefined {
  if (!plan.fetches) return undefined;
  for (const groupId of new Set(members.map((member) => member.plan.groupId))) {
    for (const { acknowledged, plan: at } of producers) {
      if (ownership.ownersOf(groupId, at.topic, at.partition).length === 0) continue;
      const below = cluster.consumption.handledBelow(groupId, at);
      const last = Math.max(-1, ...acknowledged.keys());
      if (cluster.consumption.deleted.has(at.topic) || below > last) continue;
      return `${groupId} has handled ${at.topic}-${at.partition} below ${below}, and ${last} was acknowledged`;
    }
  }
  return undefined;
}

/** After all have closed; static members that were away go when their sessions end. */
export function isEmptied({ cluster, members, twins }: Simulation): string | undefined {
  const open = [...members, ...twins].find(({ isRunning }) => isRunning);
  if (open !== undefined) return `${open.name} is ${open.machine!.state}`;
  const coordinators = cluster.coordinators();
  if (coordinators.length < cluster.plan.shards) return "a shard loads";
  for (const { shard } of coordinators) {
    for (const { groupId, state, members: left, pending } of shard.live.values()) {
      return `${groupId} is ${state} with ${left.size} members and ${pending.size} pending ones`;
    }
  }
  return undefined;
}

export function leftOver({ cluster }: Simulation): string | undefined {
  for (const { parked, timers, partition } of cluster.coordinators()) {
    if (parked.size > 0) return `${parked.size} requests are parked in shard ${partition}`;
    const other = timers.find(({ purpose }) => purpose.kind !== "expiry");
    if (other !== undefined) return `a timer of shard ${partition} is set: ${nameOf(other.purpose)}`;
  }
  return undecided(cluster) ?? (cluster.plan.topology === "alone" ? offsetsOfDeleted(cluster) : undefined);
}

/** A transaction whose end is decided, and stands nowhere yet. */
function undecided({ brokers, transactionLeads }: Cluster): string | undefined {
  for (const { machine } of brokers.flatMap((broker) => transactionLeads.all(broker))) {
    for (const [transactionalId, current] of machine?.shard.durable ?? []) {
      if (isPrepared(current)) return `the transaction of ${transactionalId} is in ${current.state}`;
    }
  }
  return undefined;
}

/** Rule 40. Where brokers share offsets only, each knows the topic by an id of its own. */
function offsetsOfDeleted(cluster: Cluster): string | undefined {
  const { metadata } = cluster.brokers[0]!.broker!.services;
  for (const { shard } of cluster.coordinators()) {
    for (const [groupId, topics] of shard.durable.offsets) {
      for (const name of cluster.consumption.deleted) {
        const topicId = metadata.topic(name)?.topicId;
        const isOfOther = (id: string) => id !== topicId && id !== zeroUuid;
        const stays = [...(topics.get(name)?.values() ?? [])].find((offset) => isOfOther(offset.topicId));
        if (stays !== undefined) return `${groupId} has offset ${stays.offset} of ${name} as it was before`;
      }
    }
  }
  return undefined;
}

function nameOf(purpose: GroupTimer): string {
  return "group" in purpose ? `${purpose.kind} of ${purpose.group.groupId}` : purpose.kind;
}
