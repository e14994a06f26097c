import { Timer } from "../../coordinator/timers.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { javaStringHash } from "../../protocol/hash.ts";
import { consumerProtocolType } from "../consumer-protocol.ts";
import type { GroupMetadata, MemberMetadata } from "../record.ts";
import type { GroupContext, GroupTimer } from "../shard.ts";
import { Member, type MemberTerms, type PendingMember, type Protocol } from "./member.ts";
import { answerHeartbeat } from "./parked-heartbeat.ts";
import { assertTransition, type ClassicState } from "./transitions.ts";

/** A rebalance that has begun and not ended: from the last generation that was Stable or Empty, to the next. */
export interface Round {
  readonly reason: string;
  readonly startedMs: number;
  readonly fromGeneration: number;
}

/** The wait for more members that the first round of an Empty group begins with (rule 10). */
export interface InitialDelay {
  /** What the timer runs for now, and what may be added after it. */
  delayMs: number;
  remainingMs: number;
  newMemberAdded: boolean;
}

/**
 * What a reload may forget of a classic group: who is joining the open round, who waits for an answer, whose session
 * runs. Durable is only the group's last GroupMetadata record, from which the constructor builds this again.
 */
export class ClassicGroup {
  readonly groupId: string;
  state: ClassicState = "Empty";
  currentStateTimestampMs: number;
  generation: number;
  protocolType: string;
  protocolName: string | null;
  leaderId: string | null;
  readonly members = new Map<string, Member>();
  /** By group instance id. */
  readonly staticMembers = new Map<string, Member>();
  readonly pending = new Map<string, PendingMember>();
  /** Members of this generation that have not sent their SyncGroup (rule 22). */
  readonly pendingSyncs = new Set<Member>();
  /** How many members have a parked join. */
  parkedJoins = 0;
  /** What the consumers of the last generation said to their assignor; null when there was none. */
  subscriptions: readonly Uint8Array[] | null;
  round: Round | null = null;
  /** Set while a round that began in Empty waits for members. */
  initialDelay: InitialDelay | null = null;
  readonly joinTimer: Timer<GroupTimer> = new Timer<GroupTimer>({ kind: "join", group: this });
  readonly syncTimer: Timer<GroupTimer> = new Timer<GroupTimer>({ kind: "sync", group: this });
  /** How many members offer an assignor. */
  readonly #offers = new Map<string, number>();

  /** As the log tells it: Stable when it has members, else Empty. Sessions are not running yet. */
  constructor(groupId: string, saved: GroupMetadata) {
    this.groupId = groupId;
    this.generation = saved.generation;
    this.protocolType = saved.protocolType;
    this.protocolName = saved.protocol;
    this.leaderId = saved.leader;
    this.currentStateTimestampMs = saved.currentStateTimestampMs;
    for (const member of saved.members) this.#restoreMember(member, saved.protocol ?? "");
    if (saved.members.length > 0) this.state = "Stable";
    this.subscriptions = saved.protocolType === consumerProtocolType ? subscriptionsOf(saved) : null;
  }

  #restoreMember(saved: MemberMetadata, protocolName: string): void {
    const member = new Member(this, saved, {
      rebalanceTimeoutMs: saved.rebalanceTimeoutMs,
      sessionTimeoutMs: saved.sessionTimeoutMs,
      protocols: [{ name: protocolName, metadata: saved.subscription }],
    });
    member.assignment = saved.assignment;
    this.add(member);
  }

  turnTo(state: ClassicState, nowMs: number): void {
    assertTransition(this.state, state);
    this.state = state;
    this.currentStateTimestampMs = nowMs;
  }

  /** Nothing here that `durable` does not tell. */
  get isIdle(): boolean {
    return this.state === "Empty" && this.members.size === 0 && this.pending.size === 0;
  }

  get allJoined(): boolean {
    return this.members.size === this.parkedJoins && this.pending.size === 0;
  }

  /** The largest among the members (rule 11). */
  get rebalanceTimeoutMs(): number {
    let largest = 0;
    for (const { terms } of this.members.values()) largest = Math.max(largest, terms.rebalanceTimeoutMs);
    return largest;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  add(member: Member): void {
    this.members.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member);
    this.#countOffers(member.terms, 1);
    this.leaderId ??= member.memberId;
  }

  /** Takes a member out, its join answered before; a parked sync is never answered (rule 20). */
  remove(member: Member, context: GroupContext): void {
    if (member.parkedJoin !== null) throw new Error(`Member ${member.memberId} goes with its join unanswered`);
    this.members.delete(member.memberId);
    if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
    this.#countOffers(member.terms, -1);
    this.pendingSyncs.delete(member);
    context.cancel(member.timer);
    answerHeartbeat(member, ErrorCode.UNKNOWN_MEMBER_ID, context);
    if (member.parkedSync !== null) {
      context.drop(member.parkedSync);
      member.parkedSync = null;
    }
    if (this.isLeader(member.memberId)) this.leaderId = this.members.keys().next().value ?? null;
  }

  /** `member` stands where `old`, of the same instance id, stood: in the list, and as leader (rule 30). */
  replace(old: Member, member: Member, context: GroupContext): void {
    const wasLeader = this.isLeader(old.memberId);
    const owesSync = this.pendingSyncs.has(old);
    const all = [...this.members.values()];
    this.remove(old, context);
    this.add(member);
    for (const behind of all.slice(all.indexOf(old) + 1)) {
      this.members.delete(behind.memberId);
      this.members.set(behind.memberId, behind);
    }
    if (wasLeader) this.leaderId = member.memberId;
    if (owesSync) this.pendingSyncs.add(member);
  }

  update(member: Member, terms: MemberTerms): void {
    this.#countOffers(member.terms, -1);
    member.terms = terms;
    this.#countOffers(terms, 1);
  }

  #countOffers(terms: MemberTerms, by: 1 | -1): void {
    for (const { name } of terms.protocols) {
      const count = (this.#offers.get(name) ?? 0) + by;
      if (count === 0) this.#offers.delete(name);
      else this.#offers.set(name, count);
    }
  }

  /** Whether a member of this type with these assignors can be in the group (rule 6). */
  supports(protocolType: string, protocols: readonly Protocol[]): boolean {
    if (this.state === "Empty") return protocolType !== "" && protocols.length > 0;
    return protocolType === this.protocolType && protocols.some(({ name }) => this.#allOffer(name));
  }

  #allOffer(protocolName: string): boolean {
    return (this.#offers.get(protocolName) ?? 0) === this.members.size;
  }

  /** Each member votes for the first of its assignors that all offer; most votes win (rule 13). */
  chooseProtocol(): string {
    const votes = new Map<string, number>();
    for (const { memberId, terms } of this.members.values()) {
      const vote = terms.protocols.find(({ name }) => this.#allOffer(name));
      if (vote === undefined) throw new Error(`Member ${memberId} of ${this.groupId} offers no assignor that all have`);
      votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    const most = Math.max(...votes.values());
    const winners = [...votes.keys()].filter((name) => votes.get(name) === most);
    return winners.sort((a, b) => hashPlace(a) - hashPlace(b))[0]!;
  }

  /** The group as a record: what its next GroupMetadata says. */
  metadata(assignmentOf: (member: Member) => Uint8Array): GroupMetadata {
    const { protocolName } = this;
    const members: MemberMetadata[] = [];
    for (const member of this.members.values()) {
      if (protocolName === null) throw new Error(`Group ${this.groupId} has members and no assignor`);
      members.push({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.terms.rebalanceTimeoutMs,
        sessionTimeoutMs: member.terms.sessionTimeoutMs,
        subscription: member.metadata(protocolName),
        assignment: assignmentOf(member),
      });
    }
    return {
      protocolType: this.protocolType,
      generation: this.generation,
      protocol: protocolName,
      leader: this.leaderId,
      currentStateTimestampMs: this.currentStateTimestampMs,
      members,
    };
  }
}

/** In a tie Kafka takes the assignor that its hash table holds first; a mixed group is to see the same one here. */
function hashPlace(protocolName: string): number {
  const hash = javaStringHash(protocolName);
  return (hash ^ (hash >>> 16)) & 15;
}

export function subscriptionsOf({ members }: GroupMetadata): readonly Uint8Array[] {
  return members.map(({ subscription }) => subscription);
}
