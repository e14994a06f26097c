/** Members and the real coordinator of `src/group/` in virtual time, with a network of given delay between them. */
import assert from "node:assert/strict";
import type { TopicMetadata } from "../../../../src/assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../../../../src/assignment/standard-assignors.ts";
import type { MemberAction } from "../../../../src/client/member/member-action.ts";
import { type MemberConfig, memberConfigDefaults } from "../../../../src/client/member/member-config.ts";
import type { MemberAnswer, MemberEvent } from "../../../../src/client/member/member-event.ts";
import type { MemberFact } from "../../../../src/client/member/member-fact.ts";
import { MemberMachine } from "../../../../src/client/member/member-machine.ts";
import { leaveGroupBody, type MemberRequest, type RequestId } from "../../../../src/client/member/member-request.ts";
import { keyOf } from "../../../../src/client/member/partitions.ts";
import type { ReplyToken } from "../../../../src/coordinator/machine.ts";
import type { GroupConfig } from "../../../../src/group/config.ts";
import { seededRng } from "../../../../src/testing/seeded-rng.ts";
import { type Happening, type Reply, World } from "../../../group/support/world.ts";

export interface SimulatedOptions {
  readonly seed?: number;
  /** One way. */
  readonly networkMs?: () => number;
  /** How long the application takes to give up partitions. */
  readonly revokeMs?: () => number;
  /** Above 0: the coordinator is known to hold heartbeats back until the group rebalances. */
  readonly heartbeatMaxWaitMs?: number;
  /** Of requests to the coordinator, how many are lost on the way, or their answers: 0 to 1. */
  readonly lossRate?: number;
  readonly group?: Partial<GroupConfig>;
}

export type MemberOptions = Partial<Omit<MemberConfig, "assignors">> & {
  readonly assignors?: readonly StandardAssignorName[];
  readonly topics?: readonly string[];
};

interface Parked {
  readonly member: SimulatedMember;
  readonly request: MemberRequest;
}

export class SimulatedGroup {
  readonly world: World;
  readonly topics = new Map<string, TopicMetadata>();
  readonly members: SimulatedMember[] = [];
  /** Called after everything that happens. */
  check: (group: SimulatedGroup) => void = () => {};
  readonly options: Required<Omit<SimulatedOptions, "group" | "seed">>;
  readonly random: () => number;
  #queue: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  readonly #parked = new Map<ReplyToken, Parked>();

  constructor({ seed = 1, group = {}, ...options }: SimulatedOptions = {}) {
    const rng = seededRng(seed);
    this.random = () => rng.bytes(2).reduce((sum, byte) => sum * 256 + byte, 0) / 65_536;
    this.options = { networkMs: () => 1, revokeMs: () => 0, heartbeatMaxWaitMs: 0, lossRate: 0, ...options };
    this.world = new World({ groupInitialRebalanceDelayMs: 0, ...group });
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  get running(): readonly SimulatedMember[] {
    return this.members.filter(({ isRunning }) => isRunning);
  }

  topic(name: string, partitionCount: number): void {
    this.topics.set(name, { partitionCount });
    for (const member of this.running) member.event({ type: "metadata", topics: this.topics });
  }

  start(name: string, { topics = ["orders"], assignors = ["cooperative-sticky"], ...config }: MemberOptions = {}) {
    const made = assignors.map((assignor) => standardAssignors[assignor]());
    const member = new SimulatedMember(name, this, {
      ...memberConfigDefaults,
      groupId: "g",
      ...config,
      assignors: made,
    });
    this.members.push(member);
    member.event({ type: "metadata", topics: this.topics });
    member.event({ type: "subscribe", topics });
    member.event({ type: "poll" });
    return member;
  }

  later(delayMs: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + delayMs, order: this.#order++, run });
    this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.#next() <= untilMs) {
      const nowMs = Math.max(this.nowMs, this.#next());
      this.#happened(this.world.advanceTo(nowMs));
      while (this.#queue.length > 0 && this.#queue[0]!.atMs <= nowMs) {
        this.#queue.shift()!.run();
        this.check(this);
      }
      for (const member of this.running) if (member.machine.wakeAtMs <= nowMs) member.event({ type: "wake" });
      this.check(this);
    }
    this.world.advanceTo(untilMs);
  }

  /** The coordinator dies and comes back at once: what was parked is never answered. */
  restartCoordinator(): void {
    const unanswered = [...this.#parked.values()];
    this.#parked.clear();
    this.#happened(this.world.restart());
    for (const { member, request } of unanswered) {
      this.later(this.options.networkMs(), () => member.event({ type: "failed", id: request.id }));
    }
  }

  /** Of a member that is gone nothing arrives any more but its good-bye. */
  arrived(member: SimulatedMember, request: MemberRequest): void {
    if (!member.isRunning && request.api !== "LeaveGroup") return;
    this.#submit(member, request);
  }

  #submit(member: SimulatedMember, request: MemberRequest): void {
    const { token, happened } = this.#ask(request);
    this.#parked.set(token, { member, request });
    this.#happened(happened);
  }

  #ask(request: MemberRequest) {
    switch (request.api) {
      case "JoinGroup":
        return this.world.submit("JoinGroup", { version: 9, ...client, body: complete(request.body) });
      case "SyncGroup":
        return this.world.submit("SyncGroup", { version: 5, ...client, body: complete(request.body) });
      case "Heartbeat":
        return this.world.submit("Heartbeat", { version: 4, ...client, body: complete(request.body) });
      case "LeaveGroup":
        return this.world.submit("LeaveGroup", {
          version: 5,
          ...client,
          body: complete(leaveGroupBody(request.body, 5)),
        });
      default:
        throw new Error(`the coordinator is not asked ${request.api}`);
    }
  }

  #happened(happenings: readonly Happening[]): void {
    for (const one of happenings) {
      if (one.kind === "drop") this.#parked.delete(one.token);
      if (one.kind === "reply") this.#reply(one.token, one.reply);
    }
  }

  #reply(token: ReplyToken, reply: Reply): void {
    const parked = this.#parked.get(token);
    if (parked === undefined) return;
    this.#parked.delete(token);
    const { member, request } = parked;
    if (member.lost.delete(request.id)) return;
    const response = { members: [], skipAssignment: false, assignment: new Uint8Array(), ...(reply as object) };
    const event = { type: "answer", id: request.id, api: request.api, response } as unknown as MemberAnswer;
    this.later(this.options.networkMs(), () => member.event(event));
  }

  #next(): number {
    const wakes = this.running.map(({ machine }) => machine.wakeAtMs);
    return Math.min(this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY, this.world.nextTimerMs, ...wakes);
  }
}

const client = { clientId: "c", clientHost: "/127.0.0.1" };

/** What defaults fill in on the wire. */
function complete<T>(body: T): never {
  return { groupInstanceId: null, reason: null, ...body } as never;
}

export class SimulatedMember {
  readonly name: string;
  readonly machine: MemberMachine;
  readonly facts: MemberFact[] = [];
  readonly actions: (MemberAction & { readonly atMs: number })[] = [];
  /** What the application reads. */
  readonly reads = new Map<string, { readonly sinceMs: number }>();
  /** Requests that it sent, by name. */
  readonly sent = new Map<string, number>();
  /** Requests whose answers will not come: their connection broke. */
  readonly lost = new Set<RequestId>();
  isRunning = true;
  topics: readonly string[] = [];
  readonly #group: SimulatedGroup;
  #callbacksEndMs = 0;

  constructor(name: string, group: SimulatedGroup, config: MemberConfig) {
    this.name = name;
    this.#group = group;
    this.machine = new MemberMachine(config, group.random);
  }

  event(event: MemberEvent): void {
    if (!this.isRunning) return;
    if (event.type === "subscribe") this.topics = event.topics;
    for (const action of this.machine.step(event, this.#group.nowMs)) this.#do(action);
  }

  crash(): void {
    this.isRunning = false;
    this.reads.clear();
  }

  close(): void {
    this.event({ type: "close", leave: "default", timeoutMs: 30_000 });
  }

  #do(action: MemberAction): void {
    this.actions.push({ ...action, atMs: this.#group.nowMs });
    switch (action.type) {
      case "send":
        this.sent.set(action.request.api, (this.sent.get(action.request.api) ?? 0) + 1);
        return this.#send(action.request);
      case "revoke":
      case "lose":
        for (const each of action.partitions) assert.ok(this.reads.delete(keyOf(each)), `${keyOf(each)} was read`);
        return this.#call(this.#group.options.revokeMs());
      case "assign":
        for (const each of action.partitions) this.reads.set(keyOf(each), { sinceMs: this.#group.nowMs });
        return this.#call(0);
      case "fact":
        this.facts.push(action.fact);
        return;
      case "closed":
        this.isRunning = false;
    }
  }

  /** One after the other. */
  #call(durationMs: number): void {
    this.#callbacksEndMs = Math.max(this.#callbacksEndMs, this.#group.nowMs) + durationMs;
    this.#group.later(this.#callbacksEndMs - this.#group.nowMs, () => this.event({ type: "callbackDone" }));
  }

  /** The member notices that the connection is broken; what it carried may have arrived before. */
  #lose({ id }: MemberRequest): void {
    this.lost.add(id);
    this.#group.later(100 + Math.floor(900 * this.#group.random()), () => this.event({ type: "failed", id }));
  }

  #send(request: MemberRequest): void {
    const { options } = this.#group;
    const answerIn = (ms: number, response: object) => {
      const event = { type: "answer", id: request.id as RequestId, api: request.api, response } as MemberAnswer;
      this.#group.later(ms, () => this.event(event));
    };
    if (request.api === "FindCoordinator") {
      const { heartbeatMaxWaitMs } = options;
      answerIn(2 * options.networkMs(), { errorCode: 0, nodeId: 1, heartbeatMaxWaitMs });
    } else if (request.api === "Metadata") {
      answerIn(2 * options.networkMs(), { topics: new Map(this.#group.topics) });
    } else {
      const isLost = this.#group.random() < options.lossRate;
      if (isLost) this.#lose(request);
      if (isLost && this.#group.random() < 0.5) return;
      this.#group.later(options.networkMs(), () => this.#group.arrived(this, request));
      if (request.api === "Heartbeat") return; // always answered here
      this.#group.later(request.timeoutMs, () => this.event({ type: "failed", id: request.id }));
    }
  }
}
