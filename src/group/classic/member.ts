import type { ReplyToken } from "../../coordinator/machine.ts";
import { Timer } from "../../coordinator/timers.ts";
import type { GroupTimer } from "../shard.ts";
import type { ClassicGroup } from "./classic-group.ts";
import type { ParkedHeartbeat } from "./parked-heartbeat.ts";

/** An assignor that a member offers, and what it says to it. */
export interface Protocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface MemberIdentity {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}

export interface MemberTerms {
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** In order of preference, each name once. */
  readonly protocols: readonly Protocol[];
}

export const noAssignment = new Uint8Array(0);

/** A member of a classic group, as long as it is in. It is its own timer's purpose: the session (rule 24). */
export class Member {
  readonly kind = "session";
  readonly group: ClassicGroup;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  terms: MemberTerms;
  /** Of the last round that this member saw through; a round that is given up takes it away. */
  assignment: Uint8Array = noAssignment;
  parkedJoin: ReplyToken | null = null;
  parkedSync: ReplyToken | null = null;
  /** Only in CompletingRebalance and Stable, in the current generation. */
  parkedHeartbeat: ParkedHeartbeat | null = null;
  /** Until its first round completes: its client does not know the member id yet, so it cannot send heartbeats. */
  isNew = false;
  readonly timer: Timer<GroupTimer> = new Timer<GroupTimer>(this);

  constructor(group: ClassicGroup, identity: MemberIdentity, terms: MemberTerms) {
    this.group = group;
    this.memberId = identity.memberId;
    this.groupInstanceId = identity.groupInstanceId;
    this.clientId = identity.clientId;
    this.clientHost = identity.clientHost;
    this.terms = terms;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  /** What it says to the assignor of that name. @throws when it does not offer it. */
  metadata(protocolName: string): Uint8Array {
    const protocol = this.terms.protocols.find(({ name }) => name === protocolName);
    if (protocol === undefined) throw new Error(`Member ${this.memberId} does not offer ${protocolName}`);
    return protocol.metadata;
  }
}

/** A member id that was handed out by MEMBER_ID_REQUIRED and has not joined with it yet (rule 8). */
export class PendingMember {
  readonly kind = "pending";
  readonly group: ClassicGroup;
  readonly memberId: string;
  readonly timer: Timer<GroupTimer> = new Timer<GroupTimer>(this);

  constructor(group: ClassicGroup, memberId: string) {
    this.group = group;
    this.memberId = memberId;
  }
}

/** The same assignors in the same order, saying the same (rules 16, 17). */
export function sameProtocols(a: readonly Protocol[], b: readonly Protocol[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.name === b[i]!.name && sameBytes(one.metadata, b[i]!.metadata))
  );
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
