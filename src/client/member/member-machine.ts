import { coordinatorAnswered, coordinatorLost } from "./coordinator-link.ts";
import { fail } from "./fail.ts";
import { callbackDone } from "./give-up.ts";
import { heartbeatAnswered } from "./heartbeat.ts";
import { joinAnswered } from "./join.ts";
import { leaveDone, startLeaving } from "./leave.ts";
import { Member } from "./member.ts";
import type { MemberAction } from "./member-action.ts";
import type { MemberConfig } from "./member-config.ts";
import type { MemberAnswer, MemberEvent } from "./member-event.ts";
import type { RequestId } from "./member-request.ts";
import type { MemberState } from "./member-state.ts";
import type { Membership } from "./membership.ts";
import type { Partitions } from "./partitions.ts";
import { proceed, wakeAtMs } from "./proceed.ts";
import { commitFailed } from "./react.ts";
import { metadataAnswered, metadataChanged, syncAnswered } from "./sync.ts";

/** The consumer coordinator of one member: events to what decides them (rules 44–50). */
export class MemberMachine implements Membership {
  readonly #member: Member;

  /** @param random from 0 to 1: spreads retries and heartbeats */
  constructor(config: MemberConfig, random: () => number) {
    this.#member = new Member(config, random);
  }

  get state(): MemberState {
    return this.#member.state;
  }

  get memberId(): string {
    return this.#member.memberId;
  }

  get generationId(): number {
    return this.#member.generationId;
  }

  get assignment(): Partitions {
    return this.#member.owned;
  }

  get wakeAtMs(): number {
    return wakeAtMs(this.#member);
  }

  step(event: MemberEvent, nowMs: number): MemberAction[] {
    const member = this.#member;
    member.nowMs = nowMs;
    try {
      handle(member, event);
      proceed(member);
    } catch (error) {
      // An assignor of the application's own, bytes of another member, or a state that cannot be: all end here, told.
      const cause = error instanceof Error ? error : new Error(String(error));
      fail(member, { message: cause.message, cause });
      if (member.state === "Leaving") leaveDone(member);
    }
    return member.takeActions();
  }
}

function handle(member: Member, event: MemberEvent): void {
  switch (event.type) {
    case "subscribe":
      return subscribe(member, event.topics);
    case "unsubscribe":
      return unsubscribe(member);
    case "metadata":
      return metadataChanged(member, event.topics);
    case "poll":
      member.isPolled = true;
      member.pollDueMs = Number.POSITIVE_INFINITY;
      return;
    case "busy":
      member.pollDueMs = member.nowMs + member.config.maxPollIntervalMs;
      return;
    case "answer":
      return answered(member, event);
    case "failed":
      return failed(member, event.id);
    case "refused":
      if (isAwaited(member, event.id)) fail(member, { message: event.error.message, cause: event.error });
      return;
    case "coordinatorLost":
      return coordinatorLost(member);
    case "commitFailed":
      return commitFailed(member, event);
    case "callbackDone":
      return callbackDone(member);
    case "wake":
      return;
    case "enforceRebalance":
      if (member.isInside) member.rejoinReason ??= event.reason;
      return;
    case "close": {
      if (member.state === "Closed") return;
      const deadlineMs = member.nowMs + event.timeoutMs;
      const reason = "the consumer is being closed";
      return startLeaving(member, { reason, leave: event.leave, deadlineMs, isClosing: true });
    }
  }
}

function subscribe(member: Member, topics: readonly string[]): void {
  const before = member.topics;
  member.isSubscribed = true;
  member.topics = [...new Set(topics)].sort();
  if (member.topics.join() === before.join()) return;
  member.watch();
  if (!member.isInside) return;
  member.rejoinReason = `the subscription changed from ${inWords(before)} to ${inWords(member.topics)}`;
}

function inWords(topics: readonly string[]): string {
  return topics.join(", ") || "no topic";
}

function unsubscribe(member: Member): void {
  member.isSubscribed = false;
  member.topics = [];
  member.watch();
  if (!member.isInside) return;
  const reason = "the consumer unsubscribed from all topics";
  startLeaving(member, { reason, leave: "default", deadlineMs: Number.POSITIVE_INFINITY, isClosing: false });
}

/** Answers to requests that nobody waits for any more are left. */
function isAwaited({ asked, heartbeat, coordinator }: Member, id: RequestId): boolean {
  return id === asked || id === heartbeat?.id || id === coordinator.asked;
}

function answered(member: Member, answer: MemberAnswer): void {
  if (!isAwaited(member, answer.id)) return;
  switch (answer.api) {
    case "FindCoordinator":
      return coordinatorAnswered(member, answer.response);
    case "JoinGroup":
      return joinAnswered(member, answer.response);
    case "Metadata":
      return metadataAnswered(member, answer.response.topics);
    case "SyncGroup":
      return syncAnswered(member, answer.response);
    case "Heartbeat":
      return heartbeatAnswered(member, answer.response);
    case "LeaveGroup":
      return leaveDone(member);
  }
}

/** A join, a sync or a heartbeat that gets no answer: the coordinator is looked for again, and asked again. */
function failed(member: Member, id: RequestId): void {
  if (id === member.coordinator.asked) {
    member.coordinator.asked = undefined;
    member.coordinator.retry.failed(member.nowMs);
  } else if (id === member.heartbeat?.id) {
    coordinatorLost(member);
  } else if (id === member.asked) {
    if (member.state === "Leaving") return leaveDone(member);
    member.asked = undefined;
    member.retry.failed(member.nowMs);
    if (member.state !== "Planning") coordinatorLost(member);
  }
}
