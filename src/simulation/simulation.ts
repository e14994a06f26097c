/** One world from beginning to end: it is set up, faults happen, they stop, and everything has to come to rest. */
import { plainPlatform } from "../protocol/plain-platform.ts";
import type { Platform } from "../protocol/platform.ts";
import { AdminNode } from "./admin-node.ts";
import { Cluster } from "./cluster.ts";
import { ConsumerNode } from "./consumer-node.ts";
import { scheduleFaults } from "./faults.ts";
import { comesToRest, generations, isEmptied, leftOver, unhandled } from "./liveness.ts";
import { Ownership } from "./ownership.ts";
import type { Plan } from "./plan.ts";
import { ProducerNode } from "./producer-node.ts";
import { differenceToPromised, Reader } from "./records.ts";
import { TransactionalNode } from "./transactional-node.ts";
import { type Violation, World } from "./world.ts";

export interface SimulationOptions {
  readonly plan: Plan;
  readonly turn: () => Promise<void>;
  readonly isTold?: boolean;
  /** Plain JavaScript when not given; another one changes speed, never bytes. */
  readonly platform?: Platform;
}

export interface Outcome {
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  /** Of everything that happened: the same for the same plan. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly story: readonly string[];
}

export class Simulation {
  readonly plan: Plan;
  readonly world: World;
  readonly cluster: Cluster;
  readonly ownership: Ownership;
  readonly admin: AdminNode;
  readonly members: ConsumerNode[];
  readonly twins: ConsumerNode[] = [];
  readonly producers: ProducerNode[];
  readonly transactionals: TransactionalNode[];

  constructor({ plan, turn, isTold = false, platform = plainPlatform }: SimulationOptions) {
    this.plan = plan;
    this.world = new World({ seed: plan.seed, turn, isTold, platform });
    this.cluster = new Cluster(this.world, plan);
    this.ownership = new Ownership(this.cluster);
    this.admin = new AdminNode(this.cluster);
    this.members = plan.members.map((member) => new ConsumerNode(member, this.cluster, this.ownership));
    this.producers = plan.producers.map((producer) => new ProducerNode(producer, this.cluster));
    this.transactionals = plan.transactional.map((producer) => new TransactionalNode(producer, this.cluster));
  }

  transactional(name: string): TransactionalNode {
    return this.transactionals.find(({ plan }) => plan.name === name)!;
  }

  member(name: string): ConsumerNode {
    return this.members.find((member) => member.name === name)!;
  }

  /** A second process under the same instance id, for a while; a dynamic member gets a neighbour. */
  twin(name: string, forMs: number): void {
    const { plan } = this.member(name);
    const twin = new ConsumerNode(
      { ...plan, name: `${name}-twin${this.twins.length + 1}` },
      this.cluster,
      this.ownership,
    );
    this.twins.push(twin);
    twin.start();
    this.world.after(forMs, () => twin.close("leave"));
  }

  async run(): Promise<Outcome> {
    const { world, plan } = this;
    this.cluster.start();
    for (const member of this.members) world.after(1000 + member.plan.startsMs, () => member.start());
    for (const producer of [...this.producers, ...this.transactionals]) world.after(1000, () => producer.start());
    scheduleFaults(this);
    await world.runUntil(plan.faultsEndMs);
    this.#heal();
    await this.#until("groups come to rest when faults stop", restMs(plan), this.#restsLongEnough());
    await this.#produceNoMore();
    for (const member of [...this.members, ...this.twins]) {
      member.isRetired = true;
      member.close("leave");
    }
    await this.#until("groups are Empty when their members have closed", restMs(plan), () => isEmptied(this));
    for (const groupId of new Set(plan.members.map((member) => member.groupId))) this.admin.readOffsets(groupId);
    await this.#checkRecords();
    await world.runUntil(world.nowMs + 1000);
    const left = world.violation === undefined ? leftOver(this) : undefined;
    if (left !== undefined) world.violated("nothing is left over", left);
    const { trace, violation, nowMs, events } = world;
    return { plan, violation, hash: trace.hash, virtualMs: nowMs, events, story: trace.story ?? [] };
  }

  async #produceNoMore(): Promise<void> {
    const all = [...this.producers, ...this.transactionals];
    for (const producer of all) producer.end();
    const isBusy = () => (all.some((one) => one.isBusy) ? "a batch is not acknowledged" : undefined);
    await this.#until("what is produced is acknowledged when faults stop", 60_000, isBusy);
    await this.#until("what was produced is handled when faults stop", 120_000, () => unhandled(this));
  }

  async #checkRecords(): Promise<void> {
    const { producers, plan, world } = this;
    const reader = new Reader(this.cluster, "uncommitted");
    reader.read(plan.producers);
    const committed = new Reader(this.cluster, "committed");
    committed.read(plan.transactional.flatMap(({ outputs }) => outputs));
    const isReading = () => (reader.isDone && committed.isDone ? undefined : "a partition cannot be read");
    await this.#until("what was produced can be read", 90_000, isReading);
    const wrong = this.cluster.transactions.differenceTo(committed.found);
    if (wrong !== undefined) world.violated("all of a transaction counts, or nothing", wrong);
    for (const producer of producers) {
      if (this.cluster.consumption.deleted.has(producer.plan.topic)) continue;
      const difference = differenceToPromised(producer, reader);
      if (difference !== undefined)
        world.violated("a produced record is there once, where it was said to be", difference);
    }
  }

  /** From now on nothing goes wrong any more; members whose application has crashed for good stay away. */
  /**
   * By all that they jumped: later than any has shown. Transactions time out by wall time, as in Kafka, so one that a
   * clock ahead has begun would stay open until then, and what was committed behind it would not be shown.
   */
  #setClocksForward(): void {
    const jumpsMs = this.plan.faults.map((fault) => (fault.kind === "clock jumps" ? Math.abs(fault.byMs) : 0));
    const byMs = jumpsMs.reduce((sum, jumpMs) => sum + jumpMs, 0);
    for (const { process } of this.cluster.brokers) process.wallAheadMs += byMs;
  }

  #heal(): void {
    const { world, cluster, plan } = this;
    world.tell(() => "FAULTS END");
    cluster.isHealed = true;
    cluster.network.faults = { ...plan.network, slowChance: 0, breakChance: 0 };
    cluster.network.healAll();
    cluster.storage.failAfter(Number.POSITIVE_INFINITY);
    cluster.troubledEnds.end();
    for (const broker of cluster.brokers) broker.start();
    this.#setClocksForward();
    for (const twin of this.twins) twin.close("leave");
    for (const member of this.members) {
      member.diesGivingUp = undefined;
      if (member.isWanted) member.start();
    }
  }

  /** So long that every session would have ended of which nothing was heard. */
  #restsLongEnough(): () => string | undefined {
    const longEnoughMs = 5000 + Math.max(...this.plan.members.map(({ sessionTimeoutMs }) => sessionTimeoutMs));
    let before = "";
    let sinceMs = 0;
    return () => {
      const why = comesToRest(this);
      const now = why ?? generations(this);
      if (now !== before) sinceMs = this.world.nowMs;
      before = now;
      return why ?? (this.world.nowMs - sinceMs < longEnoughMs ? `it rebalances again and again: ${now}` : undefined);
    };
  }

  /** @param isSo asked now and then; a reason when it is not so yet. */
  async #until(invariant: string, withinMs: number, isSo: () => string | undefined): Promise<void> {
    const { world } = this;
    const endMs = world.nowMs + withinMs;
    let why: string | undefined = "";
    while (world.violation === undefined && world.nowMs < endMs) {
      await world.runUntil(world.nowMs + 1000);
      why = isSo();
      if (why === undefined) return;
    }
    if (why !== undefined) world.violated(invariant, `${why}, after ${withinMs / 1000} s`);
  }
}

/** As long as stalls, restarts, sessions and a few rounds may take, one after the other. */
function restMs({ members }: Plan): number {
  const longest = Math.max(...members.map((each) => each.sessionTimeoutMs + 2 * each.maxPollIntervalMs));
  return 240_000 + 3 * longest;
}
