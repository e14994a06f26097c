/** What differs between two looks at a group that had settled both times. */
import { identityOf, type Look, type LookMember, ownersOf, type PartitionName, topicOf } from "./look.ts";

export interface Difference {
  readonly joined: readonly LookMember[];
  readonly left: readonly LookMember[];
  /** The same instance id under another member id. */
  readonly returned: readonly { readonly old: LookMember; readonly now: LookMember }[];
  readonly resubscribed: readonly { readonly old: LookMember; readonly now: LookMember }[];
  readonly moved: readonly { partition: PartitionName; from: LookMember | undefined; to: LookMember | undefined }[];
  readonly kept: readonly PartitionName[];
  readonly assignorChanged: boolean;
}

export function difference(before: Look, after: Look): Difference {
  const old = new Map(before.members.map((member) => [identityOf(member), member]));
  const now = new Map(after.members.map((member) => [identityOf(member), member]));
  const both = [...now].flatMap(([id, member]) => {
    const earlier = old.get(id);
    return earlier === undefined ? [] : [{ old: earlier, now: member }];
  });
  return {
    joined: after.members.filter((member) => !old.has(identityOf(member))),
    left: before.members.filter((member) => !now.has(identityOf(member))),
    returned: both.filter((pair) => pair.old.memberId !== pair.now.memberId),
    resubscribed: both.filter((pair) => !sameTexts(pair.old.topics, pair.now.topics)),
    ...movedBetween(before, after),
    assignorChanged: before.assignor !== after.assignor && before.assignor !== "" && after.assignor !== "",
  };
}

function movedBetween(before: Look, after: Look): Pick<Difference, "moved" | "kept"> {
  const from = ownersOf(before);
  const to = ownersOf(after);
  const moved: Difference["moved"][number][] = [];
  const kept: PartitionName[] = [];
  for (const partition of new Set([...from.keys(), ...to.keys()])) {
    const [old, now] = [from.get(partition), to.get(partition)];
    if (old !== undefined && now !== undefined && identityOf(old) === identityOf(now)) kept.push(partition);
    else moved.push({ partition, from: old, to: now });
  }
  return { moved, kept };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join("\n") === b.toSorted().join("\n");
}

/** Topics of which members have partitions. */
export function ownedTopics(look: Look): ReadonlySet<string> {
  return new Set(look.members.flatMap(({ assignment }) => assignment.map(topicOf)));
}
