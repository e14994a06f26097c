import { AssignmentPlan, nobody } from "./assignment-plan.ts";
import type { GroupLayout } from "./group-layout.ts";
import type { PreviousOwners } from "./previous-owners.ts";
import { RackTurns } from "./rack-turns.ts";
import { noRack, type Racks, rackMatches } from "./racks.ts";

/**
 * Where all subscribe to the same topics, everybody gets the same number of partitions, or one more. Members keep what
 * they have up to that; what is left is dealt in turn to those below it.
 *
 * @param racksMatter if so, members only keep partitions with a replica in their rack, and get such ones first
 */
export function planEqualSubscriptions(
  layout: GroupLayout,
  previous: PreviousOwners,
  racks: Racks | undefined,
  racksMatter: boolean,
): AssignmentPlan {
  const deal = new Deal(layout, previous.owner.length);
  if (layout.members.length === 0) return deal.plan;
  deal.keep(layout, keepable(previous.owner, racksMatter ? racks : undefined));
  let unassigned = deal.unassigned();
  if (racks !== undefined) unassigned = leastReachableFirst(unassigned, racks);
  if (racks !== undefined && racksMatter) unassigned = deal.inRacks(unassigned, racks);
  deal.inTurn(unassigned);
  return deal.plan;
}

function keepable(owner: Int32Array, racks: Racks | undefined): Int32Array {
  if (racks === undefined) return owner;
  return owner.map((member, partition) =>
    member !== nobody && rackMatches(racks, member, partition) ? member : nobody,
  );
}

/** Partitions with replicas in racks of few members come first: they have the least choice. */
function leastReachableFirst(partitions: readonly number[], racks: Racks): number[] {
  const membersOfRack = new Int32Array(racks.count);
  for (const rack of racks.ofMember) if (rack !== noRack) membersOfRack[rack]!++;
  const reach = racks.ofPartition.map((of) => of.reduce((sum, rack) => sum + membersOfRack[rack]!, 0));
  return partitions.toSorted((a, b) => reach[a]! - reach[b]!);
}

class Deal {
  readonly plan: AssignmentPlan;
  readonly #memberCount: number;
  readonly #minQuota: number;
  readonly #maxQuota: number;
  /** How many more members may have one above `minQuota`. */
  #extras: number;
  /** Members below `minQuota`, ascending. */
  #below: number[] = [];
  /** Members at `minQuota` that may get one more, in the order in which they do. */
  #atQuota: number[] = [];

  constructor({ members }: GroupLayout, partitionCount: number) {
    this.plan = new AssignmentPlan(members.length, partitionCount);
    this.#memberCount = members.length;
    this.#minQuota = Math.floor(partitionCount / members.length);
    this.#maxQuota = Math.ceil(partitionCount / members.length);
    this.#extras = partitionCount % members.length;
  }

  /** Members keep what they have, up to their quota: lower numbers before higher ones, of all topics. */
  keep(layout: GroupLayout, owner: Int32Array): void {
    const had = new Int32Array(this.#memberCount);
    for (const member of owner) if (member !== nobody) had[member]!++;
    const quota = had.map((count) => this.#quotaOf(count));
    eachByNumber(layout, (partition) => {
      const member = owner[partition]!;
      if (member !== nobody && this.plan.sizes[member]! < quota[member]!) this.plan.give(partition, member);
    });
    for (let member = 0; member < this.#memberCount; member++) {
      const size = this.plan.sizes[member]!;
      if (size < this.#minQuota) this.#below.push(member);
      else if (size < this.#maxQuota) this.#atQuota.push(member);
    }
  }

  #quotaOf(had: number): number {
    if (had < this.#maxQuota || this.#extras === 0) return Math.min(had, this.#minQuota);
    this.#extras--;
    return this.#maxQuota;
  }

  unassigned(): number[] {
    const partitions: number[] = [];
    this.plan.owner.forEach((member, partition) => {
      if (member === nobody) partitions.push(partition);
    });
    return partitions;
  }

  /** In turn to those below quota in their racks, else one more to one at quota. @returns what suits neither */
  inRacks(unassigned: readonly number[], racks: Racks): number[] {
    const below = new RackTurns(racks, this.#below);
    const atQuota = new RackTurns(racks, this.#atQuota);
    let turn = 0;
    const left = unassigned.filter((partition) => {
      const place = below.next(turn, racks.ofPartition[partition]!);
      if (place === undefined) return !this.#giveExtra(partition, atQuota, racks);
      const member = below.at(place);
      this.plan.give(partition, member);
      turn = place + 1;
      if (this.plan.sizes[member]! < this.#minQuota) return false;
      below.remove(place);
      atQuota.append(member);
      this.#atQuota.push(member);
      return false;
    });
    this.#below = this.#below.filter((member) => this.plan.sizes[member]! < this.#minQuota);
    this.#atQuota = this.#atQuota.filter((member) => this.plan.sizes[member]! === this.#minQuota);
    return left;
  }

  #giveExtra(partition: number, atQuota: RackTurns, racks: Racks): boolean {
    const place = this.#extras > 0 ? atQuota.next(0, racks.ofPartition[partition]!) : undefined;
    if (place === undefined) return false;
    this.plan.give(partition, atQuota.at(place));
    atQuota.remove(place);
    this.#extras--;
    return true;
  }

  /** In rounds to those below quota; when there are none, one more to each of those at quota. */
  inTurn(unassigned: readonly number[]): void {
    let next = 0;
    while (this.#below.length > 0 && next < unassigned.length) {
      this.#below = this.#below.filter((member) => {
        if (next === unassigned.length) return true;
        this.plan.give(unassigned[next++]!, member);
        if (this.plan.sizes[member]! < this.#minQuota) return true;
        this.#atQuota.push(member);
        return false;
      });
    }
    for (let place = 0; next < unassigned.length; place++) this.plan.give(unassigned[next++]!, this.#atQuota[place]!);
  }
}

/** All partitions 0 of all topics, by name, then all partitions 1 … */
function eachByNumber({ topics, firstPartition }: GroupLayout, visit: (partition: number) => void): void {
  let active = topics.map((_, topic) => topic);
  for (let number = 0; active.length > 0; number++) {
    for (const topic of active) visit(firstPartition[topic]! + number);
    active = active.filter((topic) => firstPartition[topic]! + number + 1 < firstPartition[topic + 1]!);
  }
}
