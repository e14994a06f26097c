/**
 * What the world was promised: offsets whose commits were acknowledged, plans that were handed out. Whatever crashes,
 * the brokers have to stand by it.
 */
import { partitionsOf } from "../group/consumer-protocol.ts";
import type { DurableState } from "../group/durable-state.ts";
import type { GroupMetadata, GroupRecord } from "../group/record.ts";
import type { World } from "./world.ts";

/** Of one group and partition: numbers of records, in the order in which logs took them. */
interface OffsetLine {
  /** The latest whose commit (or deletion) was acknowledged. */
  acknowledged: number;
  /** The latest that took an offset away. */
  tombstone: number;
  /** The latest commits: their texts and numbers. They are asked for soon, so from the end on. */
  readonly commits: { readonly id: string; readonly number: number }[];
}

/** An answer that was on its way while so many later commits were acknowledged is no longer known. */
const keptCommits = 200;

export type Floor = ReadonlyMap<string, number>;

export interface SeenOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Of the commit; undefined: there is none. */
  readonly id: string | undefined;
  /** A deposed coordinator tells it: the commit may be long ago. */
  readonly isOld?: boolean;
}

/** What each member was given in a generation, by instance id or member id. */
type Plan = Map<string, Given>;

interface Given {
  /** The assignment, a letter for each byte. */
  readonly text: string;
  /** Its partitions. */
  readonly keys: ReadonlySet<string>;
}

interface GroupLine {
  readonly plans: Map<number, Plan>;
  /** The newest generation that somebody was told a plan of. */
  handedOut: number;
}

const keptPlans = 8;

export class Ledger {
  readonly #world: World;
  readonly #deletedTopics: ReadonlySet<string>;
  #records = 0;
  /** By group, topic and partition. */
  readonly #lines = new Map<string, Map<string, Map<number, OffsetLine>>>();
  readonly #groups = new Map<string, GroupLine>();
  /** Groups that an admin is deleting, and offsets that may go: how often. */
  readonly mayGo = new Map<string, number>();

  /** @param deletedTopics their offsets go with them (rule 40). */
  constructor(world: World, deletedTopics: ReadonlySet<string>) {
    this.#world = world;
    this.#deletedTopics = deletedTopics;
  }

  /** A log took a record. @param retentionMs after which an offset may go by itself. */
  appended(record: GroupRecord, nowWallMs: number, retentionMs: number, state: DurableState): void {
    const number = ++this.#records;
    if (record.type === "OffsetCommit") {
      const line = this.#line(record.group, record.topic, record.partition);
      if (record.value !== null) {
        line.commits.push({ id: record.value.metadata, number });
        if (line.commits.length > 2 * keptCommits) line.commits.splice(0, keptCommits);
        return;
      }
      line.tombstone = number;
      const gone = state.committed(record.group, record.topic, record.partition);
      const { members, currentStateTimestampMs = -1 } = state.groups.get(record.group) ?? {};
      // Rule 39: of a group that has long been Empty, also what was committed since.
      const emptySinceMs = members?.length === 0 && currentStateTimestampMs >= 0 ? currentStateTimestampMs : undefined;
      const sinceMs = Math.min(gone?.commitTimestampMs ?? nowWallMs, emptySinceMs ?? nowWallMs);
      const isOld = gone !== undefined && nowWallMs - sinceMs >= retentionMs;
      if (isOld || this.mayGo.has(record.group) || this.#deletedTopics.has(record.topic)) return;
      const which = `${record.group} ${record.topic}-${record.partition}`;
      this.#world.violated("a committed offset is never lost", `${which} was deleted, and nobody asked for it`);
    } else if (record.value === null) {
      this.#groups.delete(record.group);
    } else {
      this.#planWritten(record.group, record.value);
    }
  }

  #planWritten(groupId: string, value: GroupMetadata): void {
    const owners = new Map<string, string>();
    const plan = new Map<string, string>();
    for (const { memberId, groupInstanceId, assignment } of value.members) {
      plan.set(groupInstanceId ?? memberId, lettersOf(assignment));
      for (const key of keysOf(assignment)) {
        const other = owners.get(key);
        if (other !== undefined) {
          const who = `${other} and ${memberId} have ${key} of ${groupId} in generation ${value.generation}`;
          this.#world.violated("one owner of a partition in a generation", who);
        }
        owners.set(key, memberId);
      }
    }
    const group = this.#group(groupId);
    if (value.generation < group.handedOut) {
      const message = `${groupId} writes generation ${value.generation} after ${group.handedOut} was handed out`;
      this.#world.violated("generations grow", message);
    }
    const handedOut = group.plans.get(value.generation);
    for (const [who, { text }] of handedOut ?? []) {
      if (plan.size === 0 || plan.get(who) === undefined || plan.get(who) === text) continue;
      this.#otherPlan(groupId, value.generation, who);
    }
  }

  /** A member hears what it has: from now on the plan of that generation may not change. */
  planHandedOut(groupId: string, generation: number, who: string, assignment: Uint8Array): void {
    const group = this.#group(groupId);
    let plan = group.plans.get(generation);
    if (plan === undefined) {
      plan = new Map();
      group.plans.set(generation, plan);
      if (group.plans.size > keptPlans) group.plans.delete(Math.min(...group.plans.keys()));
    }
    const before = plan.get(who);
    const now: Given = { text: lettersOf(assignment), keys: new Set(keysOf(assignment)) };
    if (before !== undefined && before.text !== now.text) this.#otherPlan(groupId, generation, who);
    plan.set(who, now);
    group.handedOut = Math.max(group.handedOut, generation);
    for (const [other, { keys }] of plan) {
      if (other === who) continue;
      const both = firstOfBoth(now.keys, keys);
      if (both === undefined) continue;
      const message = `${who} and ${other} were given ${both} of ${groupId} in generation ${generation}`;
      this.#world.violated("one owner of a partition in a generation", message);
    }
  }

  #otherPlan(groupId: string, generation: number, who: string): void {
    const message = `${who} of ${groupId} is given another assignment in generation ${generation} than before`;
    this.#world.violated("one plan for each generation", message);
  }

  /** @param id the unique text that the commit carried. */
  commitAcknowledged(group: string, topic: string, partition: number, id: string): void {
    const line = this.#line(group, topic, partition);
    const number = numberOf(line, id);
    if (number === undefined) {
      const message = `the commit ${id} was acknowledged and is in no log`;
      return this.#world.violated("no reply before durability", message);
    }
    line.acknowledged = Math.max(line.acknowledged, number);
  }

  /** What was acknowledged of a group until now, by topic and partition: no question asked later may miss it. */
  acknowledgedOf(group: string): Floor {
    return new Map(this.#linesOf(group).map(([key, { acknowledged }]) => [key, acknowledged]));
  }

  /** The same of all groups. */
  acknowledged(): Floor {
    const all = [...this.#lines.keys()].flatMap((group) => this.#linesOf(group));
    return new Map(all.map(([key, { acknowledged }]) => [key, acknowledged]));
  }

  #linesOf(group: string): [string, OffsetLine][] {
    return [...(this.#lines.get(group) ?? [])].flatMap(([topic, lines]) =>
      [...lines].map(([partition, line]): [string, OffsetLine] => [`${group}/${topic}/${partition}`, line]),
    );
  }

  /** @param floor what had been acknowledged when it was asked for; all of it, where that is now */
  offsetSeen(of: SeenOffset, where: string, floor?: Floor): void {
    const { group, topic, partition, id } = of;
    const line = this.#line(group, topic, partition);
    const acknowledged = floor === undefined ? line.acknowledged : (floor.get(`${group}/${topic}/${partition}`) ?? 0);
    if (acknowledged === 0) return;
    const which = `${group} ${topic}-${partition} ${where}`;
    if (id === undefined) {
      if (line.tombstone > acknowledged) return;
      return this.#world.violated("a committed offset is never lost", `${which} is gone`);
    }
    const number = numberOf(line, id);
    if (number === undefined && of.isOld && line.commits.length >= keptCommits) return;
    if (number === undefined) return this.#world.violated("a committed offset is never lost", `${which}: ${id}?`);
    if (number >= acknowledged) return;
    this.#world.violated("a committed offset never goes back", `${which} is ${id}, which is older`);
  }

  /** A shard was loaded: everything that was promised about its groups has to be there. */
  loaded(state: DurableState, isMine: (group: string) => boolean): void {
    for (const [group, topics] of this.#lines) {
      if (!isMine(group)) continue;
      for (const [topic, lines] of topics) {
        for (const partition of lines.keys()) {
          const id = state.committed(group, topic, partition)?.metadata;
          this.offsetSeen({ group, topic, partition, id }, "after a load");
        }
      }
    }
    for (const [group, { handedOut }] of this.#groups) {
      if (!isMine(group) || handedOut <= (state.groups.get(group)?.generation ?? 0)) continue;
      const generation = state.groups.get(group)?.generation;
      const message = `${group} has generation ${generation} after a load, ${handedOut} was handed out`;
      this.#world.violated("no reply before durability", message);
    }
  }

  #line(group: string, topic: string, partition: number): OffsetLine {
    let topics = this.#lines.get(group);
    if (topics === undefined) {
      topics = new Map();
      this.#lines.set(group, topics);
    }
    let lines = topics.get(topic);
    if (lines === undefined) {
      lines = new Map();
      topics.set(topic, lines);
    }
    let line = lines.get(partition);
    if (line === undefined) {
      line = { acknowledged: 0, tombstone: 0, commits: [] };
      lines.set(partition, line);
    }
    return line;
  }

  #group(groupId: string): GroupLine {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { plans: new Map(), handedOut: 0 };
      this.#groups.set(groupId, group);
    }
    return group;
  }
}

function numberOf({ commits }: OffsetLine, id: string): number | undefined {
  for (let at = commits.length - 1; at >= 0; at--) if (commits[at]!.id === id) return commits[at]!.number;
  return undefined;
}

function keysOf(assignment: Uint8Array): string[] {
  const topics = partitionsOf(assignment) ?? [];
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}-${partition}`));
}

function firstOfBoth(one: ReadonlySet<string>, other: ReadonlySet<string>): string | undefined {
  for (const each of one) if (other.has(each)) return each;
  return undefined;
}

function lettersOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
