/** Who reads what, at every moment; and whether two ever may. */
import { keyOf, type Partitions, without } from "../client/member/partitions.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Cluster } from "./cluster.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import { unlimited } from "./plan.ts";

export class Ownership {
  readonly #cluster: Cluster;
  /** By group and partition. */
  readonly #owners = new Map<string, Set<ConsumerNode>>();

  readonly #reads = new Map<ConsumerNode, Partitions>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  take(member: ConsumerNode, partitions: Partitions): void {
    this.#reads.set(member, [...this.readBy(member), ...partitions]);
    for (const each of partitions) {
      const key = `${member.plan.groupId} ${keyOf(each)}`;
      let owners = this.#owners.get(key);
      if (owners === undefined) {
        owners = new Set();
        this.#owners.set(key, owners);
      }
      for (const other of owners) this.#check(member, other, key);
      owners.add(member);
    }
    const { world } = this.#cluster;
    world.tell(() => `  ${member.name} reads ${partitions.map(keyOf).join(" ") || "nothing more"}`);
  }

  release(member: ConsumerNode, partitions: Partitions): void {
    this.#reads.set(member, without(this.readBy(member), partitions));
    for (const each of partitions) this.#owners.get(`${member.plan.groupId} ${keyOf(each)}`)?.delete(member);
    const { world } = this.#cluster;
    world.tell(() => `  ${member.name} gives up ${partitions.map(keyOf).join(" ")}`);
  }

  /** Its process is over. */
  gone(member: ConsumerNode): void {
    this.#reads.delete(member);
    for (const owners of this.#owners.values()) owners.delete(member);
  }

  /** A member gave up. Another process under its instance id may make it do so, or a group without room. */
  failed(member: ConsumerNode, errorCode: number | undefined, message: string): void {
    if (errorCode === ErrorCode.FENCED_INSTANCE_ID && member.plan.groupInstanceId !== null) return;
    if (errorCode === ErrorCode.GROUP_MAX_SIZE_REACHED && this.#cluster.plan.groupMaxSize < unlimited) return;
    this.#cluster.world.violated("no member fails by itself", `${member.name}: ${message}`);
  }

  readBy(member: ConsumerNode): Partitions {
    return this.#reads.get(member) ?? [];
  }

  ownersOf(groupId: string, topic: string, partition: number): readonly ConsumerNode[] {
    return [...(this.#owners.get(`${groupId} ${keyOf({ topic, partition })}`) ?? [])];
  }

  /**
   * Two may read a partition only while one of them is out of the group and has not heard of it yet. A static member
   * that did not rejoin in time stays in, in a generation that it does not know, and others plan with what it said of
   * old (rule 11): it has lost what it has all the same.
   */
  #check(member: ConsumerNode, other: ConsumerNode, key: string): void {
    if (other === member) return;
    const { groupId } = member.plan;
    const isBehind = member.identity.generationId !== other.identity.generationId;
    const isCooperative = member.isCooperative && other.isCooperative;
    if (isBehind && (!isCooperative || other.plan.groupInstanceId !== null)) return;
    const members = this.#members(groupId);
    const isIn = (one: ConsumerNode) => members?.has(one.identity.memberId) ?? false;
    if (members === undefined || !isIn(member) || !isIn(other)) return;
    const message = `${key} is taken by ${member.name} while ${other.name} has it, and both are in the group`;
    this.#cluster.world.violated("a partition has one owner at any moment", message);
  }

  #members(groupId: string): ReadonlySet<string> | undefined {
    const shard = this.#cluster.shardAt(groupId)?.shard;
    const saved = shard?.durable.groups.get(groupId);
    const live = shard?.live.get(groupId);
    if (saved === undefined) return undefined;
    const isSaved = new Set(saved.members.map(({ memberId }) => memberId));
    if (live === undefined) return isSaved;
    return new Set([...live.members.keys()].filter((memberId) => isSaved.has(memberId)));
  }
}
