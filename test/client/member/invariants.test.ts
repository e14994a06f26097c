/** Members that come, go, crash and change their minds, with the real coordinator, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StandardAssignorName } from "../../../src/assignment/standard-assignors.ts";
import { keyOf } from "../../../src/client/member/partitions.ts";
import { type MemberOptions, SimulatedGroup, type SimulatedMember } from "./support/simulated-group.ts";

type Happening =
  | { readonly kind: "start"; readonly isStatic: boolean; readonly topics: readonly string[] }
  | { readonly kind: "close" | "crash" | "stopPolling" | "poll" | "enforce"; readonly who: number }
  | { readonly kind: "subscribe"; readonly who: number; readonly topics: readonly string[] }
  | { readonly kind: "grow"; readonly topic: string }
  | { readonly kind: "restartCoordinator" };

const topics = fc.subarray(["orders", "payments", "clicks"], { minLength: 1 });
const who = fc.nat({ max: 20 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("start" as const), isStatic: fc.boolean(), topics }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("close", "crash", "stopPolling", "poll", "enforce"), who }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), who, topics }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("grow" as const), topic: fc.constantFrom("orders", "clicks") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restartCoordinator" as const) }) },
);
const pause = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 6000 }));

const config = { sessionTimeoutMs: 10_000, maxPollIntervalMs: 8000 };

/** How long the application may take to give up partitions, and the coordinator to answer a heartbeat. */
interface Pace {
  readonly slowMs: number;
  readonly waitMs: number;
  readonly lossRate: number;
}

class Crowd {
  readonly group: SimulatedGroup;
  readonly #assignors: readonly StandardAssignorName[];
  #count = 0;
  #hadStatic = false;
  #hadRestart = false;

  constructor(assignors: readonly StandardAssignorName[], seed: number, { slowMs, waitMs, lossRate }: Pace) {
    this.#assignors = assignors;
    const group: SimulatedGroup = new SimulatedGroup({
      seed,
      networkMs: () => 1 + Math.floor(group.random() * 20),
      revokeMs: () => Math.floor(group.random() * slowMs),
      heartbeatMaxWaitMs: waitMs,
      lossRate,
    });
    this.group = group;
    group.topic("orders", 5);
    group.topic("payments", 3);
    group.topic("clicks", 1);
    group.check = assertNobodySharesAPartition;
  }

  happen(what: Happening): void {
    switch (what.kind) {
      case "start":
        return this.#start(what.isStatic, what.topics);
      case "grow":
        return this.group.topic(what.topic, this.group.topics.get(what.topic)!.partitionCount + 1);
      case "restartCoordinator":
        this.#hadRestart = true;
        return this.group.restartCoordinator();
    }
    const { running } = this.group;
    if (running.length === 0) return;
    const member = running[what.who % running.length]!;
    switch (what.kind) {
      case "close":
        return member.close();
      case "crash":
        return member.crash();
      case "stopPolling":
        return member.event({ type: "busy" });
      case "poll":
        return member.event({ type: "poll" });
      case "enforce":
        return member.event({ type: "enforceRebalance", reason: "the application wants one" });
      case "subscribe":
        return member.event({ type: "subscribe", topics: what.topics });
    }
  }

  /** A static one takes the place of one that is gone, if there is one. */
  #start(isStatic: boolean, topics: readonly string[]): void {
    if (this.group.running.length >= 6) return;
    const running = new Set(this.group.running.map(({ name }) => name));
    const free = ["s0", "s1", "s2"].find((name) => !running.has(name));
    const options: MemberOptions = { ...config, topics, assignors: this.#assignors };
    this.#hadStatic ||= isStatic;
    if (isStatic && free !== undefined) this.group.start(free, { ...options, groupInstanceId: free });
    else this.group.start(`d${this.#count++}`, options);
  }

  /** Everybody polls, nothing happens any more, and all that was to time out does. */
  settle(): void {
    for (const member of this.group.running) member.event({ type: "poll" });
    this.group.advance(60_000);
    this.#restartFenced();
    if (!this.#hadStatic) return;
    // Rule 31: a static member's return is no rebalance, even if the subscription or a topic changed meanwhile.
    for (const member of this.group.running) member.event({ type: "enforceRebalance", reason: "to plan anew" });
    this.group.advance(10_000);
  }

  /**
   * A static member's new id is not in the log before the round's sync. A coordinator that dies in that round comes
   * back with the old id, and fences its owner, as Kafka's does; whoever watches over the process starts it again.
   */
  #restartFenced(): void {
    for (const member of this.group.running.filter(({ machine }) => machine.state === "Failed")) {
      const { name, topics } = member;
      assert.ok(this.#hadRestart && name.startsWith("s"), `${name} failed`);
      member.crash();
      this.group.start(name, { ...config, topics, assignors: this.#assignors, groupInstanceId: name });
    }
    this.group.advance(60_000);
  }
}

function assertNobodySharesAPartition(group: SimulatedGroup): void {
  const owners = new Map<string, SimulatedMember>();
  for (const member of group.running) {
    const owned = new Set(member.machine.assignment.map(keyOf));
    for (const partition of member.reads.keys()) assert.ok(owned.has(partition), `${member.name} reads ${partition}`);
    for (const partition of owned) {
      const other = owners.get(partition);
      assert.ok(other === undefined, `${partition} is ${other?.name}'s and ${member.name}'s at ${group.nowMs}`);
      owners.set(partition, member);
    }
  }
}

function assertAllIsAssigned(group: SimulatedGroup): void {
  const { running, topics } = group;
  assert.deepEqual(new Set(running.map(({ machine }) => machine.state)), new Set(running.length > 0 ? ["Stable"] : []));
  assert.ok(new Set(running.map(({ machine }) => machine.generationId)).size <= 1, "one generation");
  const read = running.flatMap(({ reads }) => [...reads.keys()]).sort();
  const subscribed = [...topics].filter(([topic]) => running.some(({ topics }) => topics.includes(topic)));
  const expected = subscribed.flatMap(([topic, { partitionCount }]) =>
    Array.from({ length: partitionCount }, (_, partition) => keyOf({ topic, partition })),
  );
  assert.deepEqual(read, expected.sort());
  for (const { reads, topics } of running) {
    for (const partition of reads.keys()) assert.ok(topics.includes(partition.split("/")[0]!));
  }
}

const lists: readonly (readonly StandardAssignorName[])[] = [
  ["cooperative-sticky"],
  ["range"],
  ["sticky", "roundrobin"],
  ["range", "cooperative-sticky"],
];

for (const assignors of lists) {
  test(`${assignors}: never two owners at one moment, everything assigned and everybody stable in the end`, () => {
    const script = fc.array(fc.tuple(happening, pause), { minLength: 3, maxLength: 25 });
    const pace = fc.record({
      slowMs: fc.constantFrom(1, 50, 3000),
      waitMs: fc.constantFrom(0, 0, 3000),
      lossRate: fc.constantFrom(0, 0.05),
    });
    fc.assert(
      fc.property(script, fc.nat(), pace, (script, seed, pace) => {
        const crowd = new Crowd(assignors, seed, pace);
        for (const [what, pauseMs] of script) {
          crowd.happen(what);
          assertNobodySharesAPartition(crowd.group);
          crowd.group.advance(pauseMs);
        }
        crowd.settle();
        assertAllIsAssigned(crowd.group);
      }),
      { numRuns: 60 },
    );
  });
}
