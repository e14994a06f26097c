/** Why a group rebalanced, as far as two looks tell. Nothing here is known: Kafka has no API for reasons. */
import type { Difference } from "./difference.ts";
import { ownedTopics } from "./difference.ts";
import { type Look, type LookMember, type MemberName, type PartitionName, shortName, topicOf } from "./look.ts";
import type { Stalls } from "./progress.ts";
import type { LeftMember, Reason } from "./watch-event.ts";

/** A member whose partitions stood still for less may simply have been idle or slow: shortest usual session timeout. */
const suspiciousMs = 5_000;
/** Names that a sentence spells out. */
const namesInText = 4;

/** @param ownerless partitions that somebody gave up in an earlier round */
export function reasonsFor(
  before: Look,
  after: Look,
  found: Difference,
  ownerless: ReadonlyMap<PartitionName, unknown>,
): Reason[] {
  const { joined, left, returned, resubscribed, assignorChanged } = found;
  const restarted = joined.filter((member) => left.some((old) => isSameProcess(old, member)));
  const came = joined.filter((member) => !restarted.includes(member));
  const went = left.filter((old) => !restarted.some((member) => isSameProcess(old, member)));
  const reasons = [
    about("memberJoined", came, "joined"),
    about("memberGone", went, "left, or its session expired"),
    about("memberRestarted", restarted, "is gone and back under another member id: it restarted, or it was put out"),
    about(
      "staticMemberReturned",
      returned.map(({ now }) => now),
      "came back under another member id",
    ),
    about(
      "subscriptionChanged",
      resubscribed.map(({ now }) => now),
      "subscribes to other topics",
    ),
    assignorChanged
      ? { code: "assignorChanged" as const, text: `the assignor is ${after.assignor}, it was ${before.assignor}` }
      : undefined,
    ...topicReasons(before, after, found, ownerless),
  ].filter((reason) => reason !== undefined);
  if (reasons.length > 0) return reasons;
  if (found.moved.some(({ partition, to }) => to !== undefined && ownerless.has(partition))) {
    return [{ code: "secondRound", text: "what was given up in the round before is handed out" }];
  }
  return [{ code: "unknown", text: "no cause can be seen from outside: a member joined again by itself" }];
}

/** Partitions that somebody has for the first time, and topics that nobody has any more. */
function topicReasons(
  before: Look,
  after: Look,
  { moved }: Difference,
  ownerless: ReadonlyMap<PartitionName, unknown>,
): Reason[] {
  if (before.members.length === 0 || after.members.length === 0) return [];
  const topicsBefore = ownedTopics(before);
  const isNew = ({ partition, from }: Difference["moved"][number]) => from === undefined && !ownerless.has(partition);
  const fresh = Map.groupBy(moved.filter(isNew), ({ partition }) => topicOf(partition));
  const known = new Set(after.partitions.map(({ topic }) => topic));
  const gone = [...topicsBefore].filter((topic) => !known.has(topic));
  return [
    ...[...fresh].map(([topic, { length }]): Reason => {
      if (!topicsBefore.has(topic)) return { code: "topicAppeared", text: `topic ${topic} is read from now on` };
      return { code: "partitionsAdded", text: `topic ${topic} has ${length} more partition${length === 1 ? "" : "s"}` };
    }),
    ...gone.map((topic): Reason => ({ code: "topicGone", text: `topic ${topic} is gone` })),
  ];
}

function about(code: Reason["code"], members: readonly MemberName[], what: string): Reason | undefined {
  if (members.length === 0) return undefined;
  const more = members.length - namesInText;
  const names = members.slice(0, namesInText).map(shortName).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return { code, text: `${names} ${what}` };
}

/** Client ids need not be unique, but on one host they mostly are. */
function isSameProcess(old: MemberName, now: MemberName): boolean {
  return old.groupInstanceId === null && old.clientId === now.clientId && old.host === now.host;
}

/** A crash shows before the session expires: nothing is committed any more though records wait. */
export function withHint(member: LookMember, stalls: Stalls, atMs: number): LeftMember {
  const { memberId, groupInstanceId, clientId, host, assignment } = member;
  const stalledMs = Math.max(0, ...assignment.map((name) => atMs - (stalls.get(name) ?? atMs)));
  const name = { memberId, groupInstanceId, clientId, host };
  if (stalledMs < suspiciousMs) return name;
  const stalled = `${Math.round(stalledMs / 1000)} s`;
  const hint = `it had committed nothing for ${stalled} though records waited: crashed, or stuck`;
  return { ...name, hint };
}
