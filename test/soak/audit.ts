/** What must hold after any mix of joins, leaves, kills and restarts. Each returns a sentence for each breach. */
import type { MemberEvent } from "../interop/support/member.ts";

/** What the audit needs of a member; all that ever were in the group count. */
export interface Witness {
  readonly name: string;
  readonly events: readonly MemberEvent[];
}

/** Every acknowledged record was delivered at least once, at its offset and with its value. */
export function lost(produced: ReadonlyMap<string, string>, members: readonly Witness[]): string[] {
  const seen = new Map<string, string>();
  const breaches: string[] = [];
  for (const { name, events } of members) {
    for (const it of events) {
      if (it.event !== "record") continue;
      const at = `${it.partition}/${it.offset}`;
      const before = seen.get(at);
      if (before !== undefined && before !== it.value)
        breaches.push(`${name} saw ${it.value} at ${at}, others ${before}`);
      seen.set(at, it.value);
    }
  }
  for (const [at, value] of produced) {
    if (seen.get(at) !== value) breaches.push(`${value} at ${at} never came, but ${seen.get(at)}`);
  }
  return breaches;
}

/** While a member owns a partition, offsets only grow. */
export function disordered(members: readonly Witness[]): string[] {
  const breaches: string[] = [];
  for (const { name, events } of members) {
    const last = new Map<number, number>();
    for (const [at, it] of events.entries()) {
      if (it.event === "assigned" || it.event === "revoked")
        for (const partition of it.partitions) last.delete(partition);
      if (it.event !== "record") continue;
      const before = last.get(it.partition);
      if (before !== undefined && it.offset <= before) {
        const story = JSON.stringify(events.slice(Math.max(0, at - 10), at + 1));
        breaches.push(`${name}: partition ${it.partition} went from offset ${before} to ${it.offset}: ${story}`);
      }
      last.set(it.partition, it.offset);
    }
  }
  return breaches;
}

/** What a member was told is committed does not come to it again, whatever happened to the broker meanwhile. */
export function uncommitted(members: readonly Witness[]): string[] {
  const breaches: string[] = [];
  for (const { name, events } of members) {
    const committed = new Map<number, number>();
    for (const it of events) {
      if (it.event === "committed") committed.set(it.partition, Math.max(it.offset, committed.get(it.partition) ?? 0));
      if (it.event !== "record") continue;
      const upTo = committed.get(it.partition) ?? 0;
      if (it.offset < upTo)
        breaches.push(`${name}: ${it.partition}/${it.offset} came again after the commit of ${upTo}`);
    }
  }
  return breaches;
}

/** In one generation a partition has one owner, as far as members were told their generation. */
export function sharedPartitions(members: readonly Witness[]): string[] {
  const owners = new Map<string, string>();
  const breaches: string[] = [];
  for (const { name, events } of members) {
    const owned = new Set<number>();
    for (const it of events) {
      if (it.event === "revoked") for (const partition of it.partitions) owned.delete(partition);
      if (it.event !== "assigned") continue;
      for (const partition of it.partitions) owned.add(partition);
      if (it.generation === undefined) continue;
      for (const partition of owned) {
        const claim = `partition ${partition} in generation ${it.generation}`;
        const other = owners.get(claim) ?? name;
        if (other !== name) breaches.push(`${claim}: ${other} and ${name}`);
        owners.set(claim, other);
      }
    }
  }
  return breaches;
}

/** One round of a group, as the broker wrote it. */
export interface Plan {
  readonly group: string;
  readonly generation: number;
  readonly owners: readonly { readonly memberId: string; readonly partitions: readonly number[] }[];
}

/** What was written of a generation gives a partition to one member, always the same, and generations only grow. */
export function conflictingPlans(plans: readonly Plan[]): string[] {
  const breaches: string[] = [];
  const owners = new Map<string, string>();
  const newest = new Map<string, number>();
  for (const { group, generation, owners: members } of plans) {
    if (generation < (newest.get(group) ?? 0)) breaches.push(`${group} went back to generation ${generation}`);
    newest.set(group, generation);
    for (const { memberId, partitions } of members) {
      for (const partition of partitions) {
        const claim = `${group}: partition ${partition} in generation ${generation}`;
        const other = owners.get(claim) ?? memberId;
        if (other !== memberId) breaches.push(`${claim}: ${other} and ${memberId}`);
        owners.set(claim, other);
      }
    }
  }
  return breaches;
}
