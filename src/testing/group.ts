/** One consumer group, as a test sees it: its state, states to await, its history, its coordinator. */
import type { AwaitOptions } from "./awaiting.ts";
import type { Rebalance, RequestEntry } from "./history.ts";

/** A member as the coordinator knows it. */
export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly groupInstanceId: string | null;
  /** By topic; empty while the group rebalances. */
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

/** A group at one moment. */
export interface GroupView {
  readonly groupId: string;
  /** Kafka's state; Dead when there is no such group, and Loading while its coordinator loads. */
  readonly state: string;
  /** The last one in which it was Stable or Empty. */
  readonly generation: number;
  readonly assignor: string;
  readonly members: readonly GroupMember[];
  /** By topic and partition. */
  readonly offsets: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

export interface GroupSurroundings {
  readonly look: (groupId: string) => Promise<GroupView>;
  readonly until: <T>(
    what: string,
    look: () => T | undefined | Promise<T | undefined>,
    describe: () => string | Promise<string>,
    options?: AwaitOptions,
  ) => Promise<T>;
  readonly requests: (groupId: string) => RequestEntry[];
  readonly rebalances: (groupId: string) => Rebalance[];
  readonly moveCoordinator: (groupId: string, to?: number) => Promise<void>;
}

/** Which stable group is awaited. */
export interface StableOptions extends AwaitOptions {
  /** So many members, no more and no fewer. */
  readonly members?: number;
  /**
   * So many partitions assigned in all. Cooperative members are Stable twice for one change: in between, partitions
   * that move are with nobody.
   */
  readonly partitions?: number;
}

/** A group of the broker, to await and to disturb. */
export class Group {
  readonly groupId: string;
  readonly #around: GroupSurroundings;

  constructor(groupId: string, around: GroupSurroundings) {
    this.groupId = groupId;
    this.#around = around;
  }

  /** As it is now. */
  view(): Promise<GroupView> {
    return this.#around.look(this.groupId);
  }

  /** Awaits that it is Stable, with so many members and partitions if numbers are given. */
  stable(options: StableOptions = {}): Promise<GroupView> {
    const { members, partitions } = options;
    const parts = [
      ...(members === undefined ? [] : [`${members} members`]),
      ...(partitions === undefined ? [] : [`${partitions} partitions assigned`]),
    ];
    const wanted = ["Stable", ...(parts.length > 0 ? [`with ${parts.join(" and ")}`] : [])].join(" ");
    const isSo = (group: GroupView) =>
      group.state === "Stable" &&
      (members === undefined || group.members.length === members) &&
      (partitions === undefined || assignedIn(group) === partitions);
    return this.until(wanted, isSo, options);
  }

  /** Awaits that it is Empty: it was there, and has no members any more. */
  empty(options?: AwaitOptions): Promise<GroupView> {
    return this.until("Empty", ({ state }) => state === "Empty", options);
  }

  /** Awaits that it is Stable (or Empty) in this generation or a later one. */
  generation(generation: number, options?: AwaitOptions): Promise<GroupView> {
    const isSo = (group: GroupView) =>
      group.generation >= generation && (group.state === "Stable" || group.state === "Empty");
    return this.until(`in generation ${generation}`, isSo, options);
  }

  /** Awaits that it has committed this offset or a higher one. */
  committed(topic: string, partition: number, offset: number, options?: AwaitOptions): Promise<GroupView> {
    const isSo = ({ offsets }: GroupView) => (offsets[topic]?.[partition] ?? -1) >= offset;
    return this.until(`to have committed offset ${offset} of ${topic}-${partition}`, isSo, options);
  }

  /** Awaits any other state. @param wanted ends the sentence "group g: awaited …". */
  until(wanted: string, isSo: (group: GroupView) => boolean, options?: AwaitOptions): Promise<GroupView> {
    const look = async () => {
      const group = await this.view();
      return isSo(group) ? group : undefined;
    };
    return this.#around.until(`group ${this.groupId} ${wanted}`, look, () => this.describe(), options);
  }

  /** The rebalances that came to an end, with reason, moved partitions and downtime. */
  rebalances(): Rebalance[] {
    return this.#around.rebalances(this.groupId);
  }

  /**
   * Its coordinator goes to another node (the next one, if none is named), or away and back when there is one node
   * only: it loads the group from the log, and clients look for it again.
   */
  moveCoordinator(to?: number): Promise<void> {
    return this.#around.moveCoordinator(this.groupId, to);
  }

  /** What a person wants to see when a test fails: the group, its last rebalances and requests. */
  async describe(): Promise<string> {
    const group = await this.view();
    const members = count(group.members.length, "member");
    return [
      `group ${this.groupId} is ${group.state} in generation ${group.generation}, ${members}`,
      ...group.members.map((member) => `  ${member.memberId} (client ${member.clientId}): ${owned(member)}`),
      `committed: ${offsetsOf(group)}`,
      `lately ${count(this.rebalances().length, "rebalance")}:`,
      ...this.rebalances().slice(-5).map(rebalanceLine),
      "and these requests:",
      ...this.#around.requests(this.groupId).slice(-15).map(requestLine),
    ].join("\n");
  }
}

function assignedIn({ members }: GroupView): number {
  return members.flatMap(({ partitions }) => Object.values(partitions).flat()).length;
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}

function owned({ partitions }: GroupMember): string {
  const owns = Object.entries(partitions).map(([topic, numbers]) => `${topic} ${numbers.join(" ")}`);
  return owns.length === 0 ? "owns nothing" : `owns ${owns.join(", ")}`;
}

function offsetsOf({ offsets }: GroupView): string {
  const all = Object.entries(offsets).flatMap(([topic, partitions]) =>
    Object.entries(partitions).map(([partition, offset]) => `${topic}-${partition} at ${offset}`),
  );
  return all.length === 0 ? "nothing" : all.join(", ");
}

function rebalanceLine(rebalance: Rebalance): string {
  const { fromGeneration, toGeneration, members, movedPartitions, downtimeMs, reason } = rebalance;
  const change = `${count(members, "member")}, ${count(movedPartitions, "partition")} moved, ${downtimeMs} ms`;
  return `  generation ${fromGeneration} to ${toGeneration}: ${change}: ${reason}`;
}

export function requestLine({ atMs, api, version, clientId, outcome, errors, fault }: RequestEntry): string {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const became = [outcome, ...errors, ...(fault === undefined ? [] : [`(fault: ${fault})`])].join(" ");
  return `  ${time} ${clientId} ${api} v${version}: ${became}`;
}
