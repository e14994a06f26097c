import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { accepted, fresh, open, refused, until } from "../suite.ts";
import type { Value } from "../wire/codec.ts";
import { isPending } from "../wire/connection.ts";
import { subscription } from "../wire/subscription.ts";

/** The process of a static member starts again: the same instance id, no member id. */
const restarted = (old: Member, set: Partial<Member> = {}) =>
  Member.of(old.groupId, {
    ...(old.instanceId !== null && { instanceId: old.instanceId }),
    sessionTimeoutMs: old.sessionTimeoutMs,
    rebalanceTimeoutMs: old.rebalanceTimeoutMs,
    protocols: old.protocols,
    ...set,
  } as Parameters<typeof Member.of>[1]);

suite("Static membership: who it is", { concurrency: true }, () => {
  test("rule 28: an unknown instance joins at once, with an id made of its instance id", async () => {
    for (const version of [5, 9]) {
      const member = await Member.of(fresh("g"), { instanceId: "rack 7" });
      const answer = accepted(await member.joinOnce({}, version));
      assert.match(answer.memberId, /^rack 7-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.equal(answer.members[0].groupInstanceId, "rack 7");
    }
  });

  test("rule 28: a known instance without a member id replaces it; the old id is fenced", async () => {
    const [a, b] = (await stableGroup(fresh("g"), [{}, { instanceId: "b" }])) as [Member, Member];
    const again = await restarted(b);
    const answer = accepted(await again.join());
    assert.notEqual(answer.memberId, b.memberId);
    refused(await b.heartbeat(), "FENCED_INSTANCE_ID");
    refused(await b.sync(), "FENCED_INSTANCE_ID");
    refused(await b.join(), "FENCED_INSTANCE_ID");
    refused(await b.leave(), "FENCED_INSTANCE_ID");
    refused(await b.heartbeat({ groupInstanceId: null }), "UNKNOWN_MEMBER_ID");
    refused(await again.heartbeat(), "NONE");
    refused(await a.heartbeat(), "NONE");
  });

  test("rule 28: the parked join of the replaced member is fenced", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    b.protocols = [["range", "changed"]];
    const parked = b.join();
    await untilState(a.connection, group, "PreparingRebalance");
    const again = await restarted(b);
    const joining = again.join();
    refused(await parked, "FENCED_INSTANCE_ID");
    assert.ok(await isPending(joining));
    const ofA = accepted(await a.join());
    const ofB = accepted(await joining);
    assert.equal(ofB.generationId, 3);
    assert.deepEqual(ofA.members.map((each: Value) => each.memberId).sort(), [a.memberId, again.memberId].sort());
  });

  test("rules 28, 32: the parked sync of the replaced member is fenced, and the group rebalances", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    const parked = b.sync();
    const again = await restarted(b);
    const joining = again.join();
    refused(await parked, "FENCED_INSTANCE_ID");
    await untilState(a.connection, group, "PreparingRebalance");
    refused(await a.sync(), "REBALANCE_IN_PROGRESS");
    accepted(await a.join());
    assert.equal(accepted(await joining).generationId, 3);
  });

  test("rule 29: a known instance with another member id is fenced, an unknown one with any is unknown", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group, [{ instanceId: "a" }])) as [Member];
    const wrong = await restarted(a);
    wrong.memberId = "wrong";
    refused(await wrong.join(), "FENCED_INSTANCE_ID");
    const unknown = await Member.of(group, { instanceId: "unknown" });
    unknown.memberId = a.memberId;
    refused(await unknown.join(), "UNKNOWN_MEMBER_ID");
    refused(await a.heartbeat(), "NONE");
  });
});

suite("Static membership: coming back", { concurrency: true }, () => {
  test("rule 31: a static follower that comes back in Stable moves nothing and gets its partitions", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    for (const version of [5, 7, 8, 9]) {
      const again = await restarted(b);
      const answer = accepted(await again.join({}, version));
      assert.equal(answer.generationId, 2);
      assert.equal(answer.leader, a.memberId);
      assert.deepEqual(answer.members, []);
      assert.equal(answer.skipAssignment ?? false, false);
      assert.equal(String(accepted(await again.sync()).assignment), `to ${b.memberId}`);
      refused(await a.heartbeat(), "NONE");
    }
  });

  test("rules 30, 31: from version 9 on a leader that comes back leads, and skips the assignment", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{ instanceId: "a" }, {}])) as [Member, Member];
    const again = await restarted(a);
    const answer = accepted(await again.join());
    assert.equal(answer.generationId, 2);
    assert.equal(answer.leader, answer.memberId);
    assert.equal(answer.skipAssignment, true);
    const listed = answer.members.map((each: Value) => each.memberId).sort();
    assert.deepEqual(listed, [answer.memberId, b.memberId].sort());
    assert.equal(String(accepted(await again.sync()).assignment), `to ${a.memberId}`);
    refused(await b.heartbeat(), "NONE");
  });

  test("KIP-814: a leader that comes back with another subscription plans for it no more than before", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{ instanceId: "a" }, { instanceId: "b" }])) as [Member, Member];
    const follower = await restarted(b, { protocols: [["range", "all,more"]] } as Partial<Member>);
    assert.equal(accepted(await follower.join()).generationId, 2);
    const leader = await restarted(a, { protocols: [["range", "all,more"]] } as Partial<Member>);
    const answer = accepted(await leader.join());
    assert.deepEqual([answer.generationId, answer.skipAssignment], [2, true]);
    const told = answer.members.map((each: Value) => [each.memberId, each.metadata.equals(subscription("all,more"))]);
    assert.deepEqual(
      told.sort(),
      [
        [leader.memberId, true],
        [follower.memberId, true],
      ].sort(),
    );
    // What it plans all the same is passed over: the group is Stable, and answers with what it has.
    const plan = { [leader.memberId]: "everything", [follower.memberId]: "nothing" };
    assert.equal(String(accepted(await leader.sync(plan)).assignment), `to ${a.memberId}`);
    assert.equal(String(accepted(await follower.sync()).assignment), `to ${b.memberId}`);
    refused(await follower.heartbeat(), "NONE");
    // Only when it joins again, as a leader may at any time, is there a round.
    const rejoining = leader.join();
    await untilState(follower.connection, group, "PreparingRebalance");
    accepted(await follower.join());
    assert.deepEqual(
      [accepted(await rejoining).generationId, leader.joined.leader, leader.joined.skipAssignment],
      [3, leader.memberId, false],
    );
  });

  test("rule 31: before version 9 a leader that comes back is told the old leader and no members", async () => {
    for (const version of [5, 8]) {
      const [a, b] = (await stableGroup(fresh("g"), [{ instanceId: "a" }, {}])) as [Member, Member];
      const again = await restarted(a);
      const answer = accepted(await again.join({}, version));
      assert.equal(answer.generationId, 2);
      assert.equal(answer.leader, a.memberId);
      assert.deepEqual(answer.members, []);
      refused(await b.heartbeat(), "NONE");
      const rejoining = again.join(); // it is the leader all the same: this starts a round
      await untilState(b.connection, b.groupId, "PreparingRebalance");
      accepted(await b.join());
      assert.equal(accepted(await rejoining).leader, again.memberId);
    }
  });

  test("rule 31: its subscription may have changed, as long as the assignor chosen stays", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      {
        protocols: [
          ["range", "x"],
          ["sticky", "x"],
        ],
      },
      {
        instanceId: "b",
        protocols: [
          ["range", "x"],
          ["sticky", "x"],
        ],
      },
    ])) as [Member, Member];
    const again = await restarted(b, { protocols: [["range", "y"]] } as Partial<Member>);
    assert.equal(accepted(await again.join()).generationId, 2);
    refused(await a.heartbeat(), "NONE");
    assert.equal(accepted(await again.sync()).protocolName, "range");
  });

  test("rule 32: when another assignor would be chosen, its coming back rebalances", async () => {
    const group = fresh("g");
    const both: [string, string][] = [
      ["range", "x"],
      ["sticky", "x"],
    ];
    const [a, b] = (await stableGroup(group, [{ protocols: both }, { instanceId: "b", protocols: both }])) as Member[];
    const again = await restarted(b!, { protocols: [["sticky", "x"]] } as Partial<Member>);
    const joining = again.join();
    await untilState(a!.connection, group, "PreparingRebalance");
    accepted(await a!.join());
    const answer = accepted(await joining);
    assert.equal(answer.generationId, 3);
    assert.equal(answer.protocolName, "sticky");
  });

  test("rule 30: a static leader that comes back in another round stays the leader", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{ instanceId: "a" }, {}])) as [Member, Member];
    const again = await restarted(a);
    const joining = again.join();
    await untilState(b.connection, group, "PreparingRebalance");
    accepted(await b.join());
    const answer = accepted(await joining);
    assert.equal(answer.leader, answer.memberId);
    assert.equal(answer.members.length, 2);
    assert.equal(answer.skipAssignment, false);
  });

  test("rule 31: an assignor that no other member supports is refused", async () => {
    const [, b] = (await stableGroup(fresh("g"), [{}, { instanceId: "b" }])) as [Member, Member];
    const again = await restarted(b, { protocols: [["other", "x"]] } as Partial<Member>);
    refused(await again.join(), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await b.heartbeat(), "NONE");
  });

  test("rule 17: a static follower that rejoins with its id and the same metadata gets the generation", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    assert.equal(accepted(await b.join()).generationId, 2);
    refused(await a.heartbeat(), "NONE");
  });
});

suite("Static membership: going away", { concurrency: true }, () => {
  test("rule 33: a static member that is away is dropped by its session timeout", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b", sessionTimeoutMs: 2000 }])) as [Member, Member];
    await until("the group rebalances", async () => (await a.heartbeat()).errorCode === 27);
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
    assert.equal(accepted(await a.join()).members.length, 1);
  });

  test("rule 11: one that hangs through a round is planned for by what it said last, and told so later", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { rebalanceTimeoutMs: 1500 },
      { rebalanceTimeoutMs: 1500, instanceId: "b", protocols: [["range", "all,more"]] },
    ])) as [Member, Member];
    const answer = accepted(await a.join()); // b does not: its application is busy
    assert.equal(answer.generationId, 3);
    const away = answer.members.find((each: Value) => each.memberId === b.memberId);
    assert.ok(away.metadata.equals(subscription("all,more")));
    accepted(await a.sync({ [a.memberId]: "all that b had", [b.memberId]: "something else" }));
    assert.equal((await describe(a.connection, group)).groupState, "Stable");
    refused(await b.heartbeat(), "ILLEGAL_GENERATION");
    refused(await b.sync(), "ILLEGAL_GENERATION");
    const late = await restarted(b);
    assert.equal(accepted(await late.join()).generationId, 3);
    assert.equal(String(accepted(await late.sync()).assignment), "something else");
    refused(await a.heartbeat(), "NONE");
  });

  test("rule 33: when a round completes meanwhile it is dropped a rebalance timeout after it", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { rebalanceTimeoutMs: 2000 },
      { instanceId: "b", rebalanceTimeoutMs: 2000 },
    ])) as [Member, Member];
    assert.equal(accepted(await a.join()).members.length, 2);
    accepted(await a.syncAll());
    await until("the group rebalances", async () => (await a.heartbeat()).errorCode === 27);
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
    assert.equal(accepted(await a.join()).members.length, 1);
  });

  test("rule 25: an admin removes a static member by its instance id alone", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    const admin = await open();
    const members = [{ memberId: "", groupInstanceId: "b" }];
    const answer = accepted(await admin.ask("LeaveGroup", { groupId: group, members }));
    accepted(answer.members[0]);
    assert.equal(answer.members[0].groupInstanceId, "b");
    refused(await a.heartbeat(), "REBALANCE_IN_PROGRESS");
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
  });

  test("rule 25: leaving by a member id and an instance id that do not belong together is fenced", async () => {
    const [a, b] = (await stableGroup(fresh("g"), [{}, { instanceId: "b" }])) as [Member, Member];
    refused(await b.leave({ memberId: a.memberId }), "FENCED_INSTANCE_ID");
    refused(await b.heartbeat(), "NONE");
  });
});
