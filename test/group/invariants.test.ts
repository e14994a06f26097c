/** Random clients, crashes and refusals, from seeds: whatever happens, the books of the coordinator are right. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClassicGroup } from "../../src/group/classic/classic-group.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { assignment, subscription } from "./support/consumer-bytes.ts";
import { assertReplaysToSameState } from "./support/replays.ts";
import { type Happening, World } from "./support/world.ts";

const stepsPerSeed = 400;
const groups = ["g", "h"];
const clients = ["a", "b", "c", "d"];
/** What a client does next; the more often it stands here, the more often. */
const kinds = "join join join join sync sync sync sync sync sync heartbeat heartbeat heartbeat leave commit".split(" ");

/** What a client remembers: its member id and generation, and whether it was told that it leads. */
interface Life {
  memberId: string;
  generation: number;
  members: readonly string[];
}

class Crowd {
  readonly world = new World({ groupMaxSize: 3, groupInitialRebalanceDelayMs: 500 });
  readonly #lives = new Map<string, Life>();
  readonly #asked = new Map<number, Life>();
  readonly #pick: (below: number) => number;

  constructor(seed: number) {
    const rng = seededRng(seed);
    this.#pick = (below) => rng.bytes(2).reduce((sum, byte) => sum * 256 + byte, 0) % below;
  }

  step(): void {
    const dice = this.#pick(100);
    if (dice < 3) this.#remember(this.world.restart());
    else if (dice < 6) this.world.refusal = this.#pick(2) === 0 ? ErrorCode.MESSAGE_TOO_LARGE : undefined;
    else if (dice < 20) this.#remember(this.world.advanceTo(this.world.nowMs + this.#pick(dice < 8 ? 40_000 : 3_000)));
    else this.#ask();
  }

  #ask(): void {
    const groupId = groups[this.#pick(groups.length)]!;
    const name = clients[this.#pick(clients.length)]!;
    const isStatic = name === "a" || name === "b";
    const life = this.#life(`${groupId} ${name}`);
    const who = { memberId: life.memberId, groupInstanceId: isStatic ? name : null };
    const common = { version: 3 + this.#pick(7), clientId: name, clientHost: "/127.0.0.1" };
    switch (kinds[this.#pick(kinds.length)]) {
      case "join":
        return this.#submit(life, "JoinGroup", { ...common, body: { ...this.#join(groupId), ...who } });
      case "sync": {
        const assignments = life.members.map((memberId, at) => ({
          memberId,
          assignment: assignment({ orders: [at] }),
        }));
        const body = {
          groupId,
          generationId: life.generation,
          ...who,
          protocolType: null,
          protocolName: null,
          assignments,
        };
        return this.#submit(life, "SyncGroup", { ...common, version: 4, body });
      }
      case "heartbeat":
        return this.#submit(life, "Heartbeat", { ...common, body: this.#heartbeat(groupId, life, who) });
      case "leave": {
        const body = { groupId, memberId: "", members: [{ ...who, reason: null }] };
        return this.#submit(life, "LeaveGroup", { ...common, body });
      }
      default:
        return this.#pick(4) === 0
          ? this.#forget(life)
          : this.#submit(life, "OffsetCommit", this.#commit(groupId, life));
    }
  }

  #join(groupId: string) {
    const topics = this.#pick(3) === 0 ? ["orders", "payments"] : ["orders"];
    const protocols = [{ name: "range", metadata: subscription(...topics) }];
    const sessionTimeoutMs = 6000 + this.#pick(20_000);
    const rebalanceTimeoutMs = 1000 + this.#pick(30_000);
    return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, protocolType: "consumer", protocols, reason: null };
  }

  /** Some may wait. */
  #heartbeat(groupId: string, { generation }: Life, who: object) {
    return { groupId, generationId: generation, ...who, maxWaitMs: (this.world.nowMs % 3) * 2000 };
  }

  #commit(groupId: string, { memberId, generation }: Life) {
    const partition = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null };
    const topics = [{ name: "orders", topicId: "AAAAAAAAAAAAAAAAAAAAAA", partitions: [partition] }];
    const retentionTimeMs = this.#pick(10) === 0 ? 1000 : -1;
    const body = {
      groupId,
      generationIdOrMemberEpoch: generation,
      memberId,
      groupInstanceId: null,
      retentionTimeMs,
      topics,
    };
    return { version: 9, clientId: "x", clientHost: "/127.0.0.1", body };
  }

  #submit(life: Life, type: "JoinGroup" | "SyncGroup" | "Heartbeat" | "LeaveGroup" | "OffsetCommit", request: object) {
    const { token, happened } = this.world.submit(type, request as never);
    if (type === "JoinGroup") this.#asked.set(token, life);
    this.#remember(happened);
  }

  #life(name: string): Life {
    const life = this.#lives.get(name) ?? { memberId: "", generation: -1, members: [] };
    this.#lives.set(name, life);
    return life;
  }

  #forget(life: Life): void {
    Object.assign(life, { memberId: "", generation: -1, members: [] });
  }

  #remember(happened: readonly Happening[]): void {
    for (const one of happened) {
      const life = one.kind === "reply" ? this.#asked.get(one.token) : undefined;
      if (life === undefined || one.kind !== "reply") continue;
      const reply = one.reply as unknown as {
        memberId: string;
        generationId?: number;
        members: { memberId: string }[];
      };
      life.memberId = reply.memberId;
      life.generation = reply.generationId ?? -1;
      life.members = reply.members.map(({ memberId }) => memberId);
    }
  }
}

function assertBooks(world: World, group: ClassicGroup): void {
  const members = [...group.members.values()];
  const joins = members.filter(({ parkedJoin }) => parkedJoin !== null);
  const syncs = members.filter(({ parkedSync }) => parkedSync !== null);
  assert.equal(group.parkedJoins, joins.length);
  if (group.state !== "PreparingRebalance")
    assert.equal(joins.length, 0, "joins are parked in PreparingRebalance only");
  if (group.state !== "CompletingRebalance")
    assert.equal(syncs.length, 0, "syncs are parked in CompletingRebalance only");
  assert.equal(group.staticMembers.size, members.filter(({ isStatic }) => isStatic).length);
  assert.ok(members.length === 0 || group.members.has(group.leaderId ?? ""), "the leader is a member");
  for (const member of members) {
    if (member.parkedJoin !== null) assert.ok(world.parked.has(member.parkedJoin));
    if (member.parkedSync !== null) assert.ok(world.parked.has(member.parkedSync));
    const { parkedHeartbeat } = member;
    if (parkedHeartbeat !== null) {
      assert.ok(world.parked.has(parkedHeartbeat.token));
      assert.ok(parkedHeartbeat.timer.isSet, "a heartbeat does not wait without end");
      assert.ok(parkedHeartbeat.timer.dueMs < member.timer.dueMs, "nor longer than the session");
      assert.match(group.state, /Stable|CompletingRebalance/, "and not while the member is to rejoin");
      waited++;
    }
    const waits = member.parkedJoin !== null || member.parkedSync !== null;
    assert.ok(waits || member.timer.isSet, `nothing would ever remove ${member.memberId}`);
  }
  for (const { timer } of group.pending.values()) assert.ok(timer.isSet);
  if (group.state === "PreparingRebalance") assert.ok(group.joinTimer.isSet, "the round ends some day");
  if (group.state === "CompletingRebalance") {
    assert.ok(group.syncTimer.isSet, "the leader is not waited for without end");
    assert.ok(group.round !== null);
  }
  if (group.state === "Stable") assert.equal(group.round, null);
}

let waited = 0;
const seen = new Map<string, number>();

function assertAllBooks({ world }: Crowd): void {
  const { live } = world.coordinator.shard;
  let parked = 0;
  for (const group of live.values()) {
    seen.set(group.state, (seen.get(group.state) ?? 0) + 1);
    assertBooks(world, group);
    for (const { parkedJoin, parkedSync, parkedHeartbeat } of group.members.values()) {
      parked += [parkedJoin, parkedSync, parkedHeartbeat].filter((each) => each !== null).length;
    }
  }
  assert.equal(world.parked.size, parked, "every request is answered, dropped, or parked with a member");
}

/** 547 and 2065 once put a member back at another place than the log has it. */
const seeds = [...Array.from({ length: 60 }, (_, at) => at + 1), 547, 2065];

for (const seed of seeds) {
  test(`seed ${seed}: requests, timers and members agree, and the log replays to the same state`, () => {
    const crowd = new Crowd(seed);
    for (let step = 0; step < stepsPerSeed; step++) {
      crowd.step();
      assertAllBooks(crowd);
    }
    assertReplaysToSameState(crowd.world);
  });
}

test("the crowds above met groups in every state, often", () => {
  for (const state of ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable"]) {
    assert.ok((seen.get(state) ?? 0) > 1000, `${state}: ${seen.get(state)}`);
  }
  assert.ok(waited > 300, `heartbeats that waited: ${waited}`);
});
