import type { TopicPartition } from "../topic-partition.ts";
import type { MemberAction } from "./member-action.ts";
import type { MemberEvent } from "./member-event.ts";
import type { MemberState } from "./member-state.ts";

/**
 * A consumer's part in a group, in step form: it is told what happened and answers what to do; no I/O behind it.
 * `new MemberMachine(config, random)` makes one.
 */
export interface Membership {
  readonly state: MemberState;
  /** "" while it has none. With `generationId` what a commit carries. */
  readonly memberId: string;
  /** -1 while it is in none: commits would be refused. */
  readonly generationId: number;
  /** What is this member's now; partitions that are being revoked are in it until `callbackDone`. */
  readonly assignment: readonly TopicPartition[];
  /** When it wants to hear "wake", in the time of `nowMs`; Infinity: only when something happens. */
  readonly wakeAtMs: number;
  /** @param nowMs monotonic */
  step(event: MemberEvent, nowMs: number): MemberAction[];
}
