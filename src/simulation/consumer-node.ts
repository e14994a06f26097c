/**
 * A consumer as a process: the real member machine, driven as `src/client/consumer/` drives it, with an application
 * that works on records, commits what it has done, and now and then misbehaves.
 */
import type { ClusterTopics } from "../assignment/partition-assignor.ts";
import type { MemberAction } from "../client/member/member-action.ts";
import { memberConfigDefaults } from "../client/member/member-config.ts";
import type { MemberEvent } from "../client/member/member-event.ts";
import { MemberMachine } from "../client/member/member-machine.ts";
import type { MemberRequest } from "../client/member/member-request.ts";
import { listed, type Partitions, without } from "../client/member/partitions.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { Application } from "./application.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import { MemberCalls } from "./member-calls.ts";
import { makeAssignor } from "./own-assignors.ts";
import type { Ownership } from "./ownership.ts";
import type { MemberPlan } from "./plan.ts";
import { Process } from "./process.ts";
import type { Random } from "./random.ts";

type Callback = Extract<MemberAction, { readonly type: "revoke" | "lose" | "assign" }>;

const outside: ReadonlySet<string> = new Set(["Unjoined", "Failed", "Closed"]);

/** After a failure that it cannot go on from, the application starts anew. */
const restartAfterMs = 1000;
/** Where its group has no room it looks again later; once faults are over it does without. */
const roomAfterMs = 10_000;

export class ConsumerNode {
  readonly plan: MemberPlan;
  /** Rule 44. */
  readonly isCooperative: boolean;
  readonly cluster: Cluster;
  readonly ownership: Ownership;
  readonly random: Random;
  process: Process;
  machine: MemberMachine | undefined;
  calls: MemberCalls | undefined;
  application: Application | undefined;
  /** What it subscribes to; a fault may change it. */
  topics: readonly string[];
  /** Once closed for good, or dead, it stays away. */
  isWanted = false;
  isClosing = false;
  /** The world comes to its end: nobody starts any more. */
  isRetired = false;
  /** The next onPartitionsRevoked takes so much longer. */
  hangsForMs = 0;
  /** It dies when a plan takes partitions from it, and comes back so much later. */
  diesGivingUp: number | undefined;
  starts = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #callOffWake = () => {};
  #callbacks: Callback[] = [];
  /** The callback that is running. */
  #calledBack: Callback | undefined;

  constructor(plan: MemberPlan, cluster: Cluster, ownership: Ownership) {
    this.plan = plan;
    this.isCooperative = plan.assignors.every((name) => makeAssignor(name).supportedProtocols.includes("COOPERATIVE"));
    this.cluster = cluster;
    this.ownership = ownership;
    this.topics = plan.topics;
    this.random = cluster.world.random.fork(plan.name);
    this.process = new Process(cluster.world, plan.name, plan.clock);
    this.process.die();
  }

  get name(): string {
    return this.plan.name;
  }

  get isRunning(): boolean {
    return this.process.isAlive;
  }

  get identity() {
    const { memberId, generationId } = this.machine!;
    return { memberId, generationId, groupInstanceId: this.plan.groupInstanceId };
  }

  start(): void {
    if (this.isRetired) return;
    this.isWanted = true;
    if (this.process.isAlive) return;
    const { plan, cluster } = this;
    this.starts++;
    this.isClosing = false;
    this.#callbacks = [];
    this.#calledBack = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.process = new Process(cluster.world, plan.name, plan.clock);
    cluster.world.tell(() => `${plan.name} starts`);
    const link = new ClientLink(this.process, cluster.network, cluster.requests);
    this.machine = new MemberMachine(
      { ...memberConfigDefaults, ...plan, assignors: plan.assignors.map(makeAssignor) },
      this.random.fork(`machine ${this.starts}`).unit,
    );
    this.calls = new MemberCalls(this, link);
    this.application = new Application(this, this.calls);
    this.step({ type: "subscribe", topics: this.topics });
    this.step({ type: "poll" });
    this.application.start();
    this.calls.refreshMetadata();
  }

  /** Its process ends without a word. */
  die(): void {
    if (!this.process.isAlive) return;
    this.cluster.world.tell(() => `${this.name} dies`);
    this.process.die();
    this.ownership.gone(this);
    this.calls!.close();
  }

  close(leave: "default" | "leave" | "remain"): void {
    this.isWanted = false;
    if (!this.process.isAlive || this.isClosing) return;
    this.isClosing = true;
    this.cluster.world.tell(() => `${this.name} closes`);
    this.step({ type: "close", leave, timeoutMs: 30_000 });
  }

  /** Its application works, and does not poll meanwhile. */
  busy(forMs: number): void {
    const { process } = this;
    if (!process.isAlive || this.isClosing) return;
    this.step({ type: "busy" });
    process.after(forMs, () => this.isClosing || this.step({ type: "poll" }));
  }

  subscribe(topics: readonly string[]): void {
    this.topics = topics;
    if (this.process.isAlive && !this.isClosing) this.step({ type: "subscribe", topics });
  }

  metadata(topics: ClusterTopics): void {
    this.step({ type: "metadata", topics });
  }

  step(event: MemberEvent): void {
    const machine = this.machine!;
    if (!this.process.isAlive) return;
    const { state } = machine;
    const actions = machine.step(event, this.process.now().monotonicMs);
    const { world } = this.cluster;
    if (machine.state !== state) world.tell(() => `  ${this.name} turns from ${state} to ${machine.state}`);
    // KIP-429: only the next round hands on what it has given up.
    if (state === "Revoking" && machine.state === "Stable") world.violated("who gives something up rejoins", this.name);
    for (const action of actions) this.#act(action);
    if (machine.generationId < 0 || outside.has(machine.state)) this.#checkStopped();
    this.#setWake();
  }

  /** Out of the group, as it knows: what it still has is being given up. */
  #checkStopped(): void {
    const going = [this.#calledBack, ...this.#callbacks].flatMap((callback) => callback?.partitions ?? []);
    const left = without(this.ownership.readBy(this), going);
    if (left.length === 0) return;
    this.cluster.world.violated("who lost its membership stops reading", `${this.name} reads ${listed(left)}`);
  }

  /** An alarm that rings too early only sets itself again. */
  #setWake(): void {
    const { wakeAtMs } = this.machine!;
    if (!this.process.isAlive || wakeAtMs >= this.#wakeAtMs) return;
    this.#callOffWake();
    this.#wakeAtMs = wakeAtMs;
    this.#callOffWake = this.process.after(wakeAtMs - this.process.now().monotonicMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      if (this.machine!.wakeAtMs > this.process.now().monotonicMs + 0.001) this.#setWake();
      else this.step({ type: "wake" });
    });
  }

  #act(action: MemberAction): void {
    switch (action.type) {
      case "send":
        return this.#send(action.request);
      case "revoke":
      case "lose":
      case "assign":
        if (action.type !== "assign") this.application!.stop(action.partitions);
        this.#callbacks.push(action);
        return this.#callBack();
      case "watch":
        return this.calls!.watch(action.topics);
      case "fact":
        return;
      case "fail":
        this.cluster.world.tell(() => `${this.name} fails: ${action.message}`);
        return this.#endAfterFailure(action.errorCode, action.message);
      case "closed":
        return this.#ended();
    }
  }

  #send(request: MemberRequest): void {
    this.calls!.send(request);
  }

  /** The application's callbacks run one after the other. */
  #callBack(): void {
    if (this.#calledBack !== undefined) return;
    const callback = this.#callbacks.shift();
    if (callback === undefined) return;
    this.#calledBack = callback;
    const { process } = this;
    const done = () => {
      if (!process.isAlive) return;
      this.#calledBack = undefined;
      this.step({ type: "callbackDone" });
      this.#callBack();
    };
    switch (callback.type) {
      case "assign":
        this.#take(callback.partitions);
        return void process.after(0, done);
      case "lose":
        this.ownership.release(this, callback.partitions);
        return void process.after(0, done);
      case "revoke":
        return this.#revoke(callback.partitions, done);
    }
  }

  #take(partitions: Partitions): void {
    this.ownership.take(this, partitions);
    this.application!.take(partitions);
  }

  #revoke(partitions: Partitions, done: () => void): void {
    const backAfterMs = this.diesGivingUp;
    if (backAfterMs !== undefined && this.machine!.state === "Revoking") {
      this.diesGivingUp = undefined;
      this.process.after(1, () => this.die());
      return void this.cluster.world.after(backAfterMs, () => this.isWanted && this.start());
    }
    const takesMs = this.random.between(0, this.plan.revokeMs) + this.hangsForMs;
    this.hangsForMs = 0;
    this.process.after(takesMs, () =>
      this.application!.commitLast(partitions, () => {
        this.ownership.release(this, partitions);
        done();
      }),
    );
  }

  #endAfterFailure(errorCode: number | undefined, message: string): void {
    const { process, cluster } = this;
    const hasNoRoom = errorCode === ErrorCode.GROUP_MAX_SIZE_REACHED;
    if (hasNoRoom && cluster.isHealed) this.isWanted = false;
    process.after(hasNoRoom ? roomAfterMs : restartAfterMs, () => {
      this.die();
      if (this.isWanted) cluster.world.after(restartAfterMs, () => this.isWanted && this.start());
    });
    this.ownership.failed(this, errorCode, message);
  }

  #ended(): void {
    this.cluster.world.tell(() => `${this.name} has closed`);
    this.process.die();
    this.ownership.gone(this);
    this.calls!.close();
  }
}
