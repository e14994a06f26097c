import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { committed, describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { accepted, createTopic, during, fresh, open, refused, until } from "../suite.ts";
import type { Value } from "../wire/codec.ts";
import { isPending } from "../wire/connection.ts";

suite("SyncGroup, Heartbeat, LeaveGroup: who is asking", { concurrency: true }, () => {
  test("rule 3: an empty group id is refused", async () => {
    const member = await Member.of("");
    refused(await member.sync(), "INVALID_GROUP_ID");
    refused(await member.heartbeat(), "INVALID_GROUP_ID");
    refused(await member.connection.ask("LeaveGroup", { groupId: "", members: [] }), "INVALID_GROUP_ID");
  });

  test("rule 19: an unknown group knows no member", async () => {
    const member = await Member.of(fresh("g"));
    member.memberId = "someone";
    refused(await member.sync(), "UNKNOWN_MEMBER_ID");
    refused(await member.heartbeat(), "UNKNOWN_MEMBER_ID");
    refused(await member.leave(), "UNKNOWN_MEMBER_ID");
  });

  test("rule 19: an unknown member, then a wrong generation are refused", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    for (const ask of [a.sync.bind(a, {}), a.heartbeat.bind(a)]) {
      refused(await ask({ memberId: "stranger", generationId: 99 }), "UNKNOWN_MEMBER_ID");
      refused(await ask({ generationId: 99 }), "ILLEGAL_GENERATION");
      refused(await ask({ generationId: 0 }), "ILLEGAL_GENERATION");
      refused(await ask({ generationId: -1 }), "ILLEGAL_GENERATION");
    }
  });

  test("rule 19: an unknown instance is unknown, a known one with another member id is fenced", async () => {
    const [a] = (await stableGroup(fresh("g"), [{ instanceId: "a" }])) as [Member];
    for (const ask of [a.sync.bind(a, {}), a.heartbeat.bind(a)]) {
      refused(await ask({ groupInstanceId: "stranger" }), "UNKNOWN_MEMBER_ID");
      refused(await ask({ memberId: "other", generationId: 99 }), "FENCED_INSTANCE_ID");
      refused(await ask({ generationId: 99 }), "ILLEGAL_GENERATION");
      refused(await ask({}), "NONE");
    }
    refused(await a.leave({ memberId: "other" }), "FENCED_INSTANCE_ID");
    refused(await a.leave({ groupInstanceId: "stranger" }), "UNKNOWN_MEMBER_ID");
  });

  test("rule 19: a sync of version 5 names the protocol of the round, else it is inconsistent", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    refused(await a.sync({}, { protocolType: "connect" }), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await a.sync({}, { protocolName: "sticky" }), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await a.sync({}, { protocolType: null }), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await a.sync({}, { protocolName: null }), "INCONSISTENT_GROUP_PROTOCOL");
    accepted(await a.sync({}, { protocolType: "connect", protocolName: "sticky" }, 4)); // version 4 cannot say
    const nobody = await Member.of(fresh("g"));
    refused(await nobody.sync({}, { protocolName: null }), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await a.sync({}, { protocolType: "connect", generationId: 9 }), "ILLEGAL_GENERATION");
  });
});

suite("SyncGroup: the plan", { concurrency: true }, () => {
  test("rule 20: a sync while the group prepares is told to rejoin", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    refused(await b.sync(), "REBALANCE_IN_PROGRESS");
    await Promise.all([b.join(), joining]);
  });

  test("rules 20, 21: syncs are parked until the leader's; members missing in its plan get nothing", async () => {
    const group = fresh("g");
    const [a, b, c] = (await joinedGroup(group, [{}, {}, {}])) as [Member, Member, Member];
    const ofB = b.sync();
    const ofC = c.sync();
    refused(await a.heartbeat(), "NONE");
    assert.equal((await describe(a.connection, group)).groupState, "CompletingRebalance");
    assert.ok((await isPending(ofB)) && (await isPending(ofC)));
    const ofA = accepted(await a.sync({ [a.memberId]: "for a", [b.memberId]: "for b", stranger: "for nobody" }));
    assert.equal(String(ofA.assignment), "for a");
    assert.equal(ofA.protocolType, "consumer");
    assert.equal(ofA.protocolName, "range");
    assert.equal(String(accepted(await ofB).assignment), "for b");
    assert.equal(String(accepted(await ofC).assignment), "");
    assert.equal((await describe(a.connection, group)).groupState, "Stable");
  });

  test("rule 20: a sync in Stable answers the assignment at once; no new plan is looked at", async () => {
    const [a, b] = (await stableGroup(fresh("g"), [{}, {}])) as [Member, Member];
    assert.equal(String(accepted(await b.sync()).assignment), `to ${b.memberId}`);
    assert.equal(String(accepted(await a.sync({ [a.memberId]: "another" })).assignment), `to ${a.memberId}`);
  });

  test("rule 20: a second sync replaces the parked one, which is never answered", async () => {
    const [a, b] = (await joinedGroup(fresh("g"), [{}, {}])) as [Member, Member];
    const first = b.sync();
    const elsewhere = await Member.of(b.groupId);
    Object.assign(elsewhere, { memberId: b.memberId, generationId: b.generationId, joined: b.joined });
    await untilParked(a);
    const second = elsewhere.sync();
    await untilParked(a);
    accepted(await a.syncAll());
    assert.equal(String(accepted(await second).assignment), `to ${b.memberId}`);
    assert.ok(await isPending(first));
  });

  test("rule 20: a second join replaces the parked one, which is never answered", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const first = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    const elsewhere = await Member.of(group);
    elsewhere.memberId = a.memberId;
    const second = elsewhere.join();
    await untilParked(b);
    accepted(await b.join());
    assert.equal(accepted(await second).generationId, 3);
    assert.ok(await isPending(first));
  });

  test("rule 20: the parked sync of a member that leaves is never answered", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    const parked = b.sync();
    await untilParked(a);
    const admin = await open();
    const members = [{ memberId: b.memberId }];
    accepted((await admin.ask("LeaveGroup", { groupId: group, members })).members[0]);
    assert.equal(accepted(await a.join()).generationId, 3);
    accepted(await a.syncAll());
    assert.ok(await isPending(parked));
  });

  test("rule 20: a parked sync is told to rejoin when a new round begins", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    const parked = b.sync();
    const joining = a.join({
      protocols: [{ name: "range", metadata: Buffer.of(0, 0, 0, 0, 0, 0, 255, 255, 255, 255) }],
    });
    refused(await parked, "REBALANCE_IN_PROGRESS");
    accepted(await b.join());
    accepted(await joining);
  });

  test("rule 22: members that do not sync within the rebalance timeout are dropped, static ones too", async () => {
    const group = fresh("g");
    const [a, b, c] = (await joinedGroup(group, [
      { rebalanceTimeoutMs: 2500 },
      { rebalanceTimeoutMs: 2500, instanceId: "b" },
      { rebalanceTimeoutMs: 2500 },
    ])) as [Member, Member, Member];
    const from = performance.now();
    refused(await c.sync(), "REBALANCE_IN_PROGRESS"); // parked, until the round is given up
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 1_800 && tookMs < 9_000, `${tookMs} ms`);
    refused(await a.heartbeat(), "UNKNOWN_MEMBER_ID");
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
    const answer = accepted(await c.join());
    assert.equal(answer.generationId, 3);
    assert.equal(answer.members.length, 1);
  });

  test("rule 22: a follower that does not sync is dropped although the leader has synced", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{ rebalanceTimeoutMs: 2500 }, { rebalanceTimeoutMs: 2500 }])) as Member[];
    accepted(await a!.syncAll());
    assert.equal((await describe(a!.connection, group)).groupState, "Stable");
    await until("the group rebalances", async () => (await a!.heartbeat()).errorCode === 27);
    refused(await b!.heartbeat(), "UNKNOWN_MEMBER_ID");
    assert.equal(accepted(await a!.join()).generationId, 3);
  });
});

/** A member's heartbeat comes back: what other connections sent before it has been taken. */
async function untilParked(member: Member): Promise<void> {
  for (let i = 0; i < 10; i++) await member.heartbeat();
}

suite("Heartbeat: who is alive", { concurrency: true }, () => {
  test("rule 23: NONE in Stable and before the plan, told to rejoin while the group prepares", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    refused(await b.heartbeat(), "NONE");
    await Promise.all([a.syncAll(), b.sync()]);
    refused(await b.heartbeat(), "NONE");
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    refused(await b.heartbeat(), "REBALANCE_IN_PROGRESS");
    await Promise.all([b.join(), joining]);
  });

  test("rule 23: heartbeats keep a member alive, also those that are told to rejoin", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { sessionTimeoutMs: 2500 }])) as [Member, Member];
    const beat = (error: string) => during(5_000, async () => refused(await b.heartbeat(), error));
    await beat("NONE");
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance", 2);
    await beat("REBALANCE_IN_PROGRESS");
    accepted(await b.join());
    assert.equal(accepted(await joining).members.length, 2);
  });

  test("rule 23: in Stable neither a sync nor a join without a rebalance keeps a member alive", async () => {
    for (const act of [(member: Member) => member.sync(), (member: Member) => member.join()]) {
      const group = fresh("g");
      const [a, b] = (await stableGroup(group, [{}, { sessionTimeoutMs: 2500 }])) as [Member, Member];
      const last = await until("its session has ended", async () => {
        const answer = await act(b);
        return answer.errorCode !== 0 && answer;
      });
      refused(last, "UNKNOWN_MEMBER_ID");
      refused(await a.heartbeat(), "REBALANCE_IN_PROGRESS");
    }
  });

  test("rule 23: a commit keeps a member alive", async () => {
    const group = fresh("g");
    const topic = await createTopic(await open());
    const [, b] = (await stableGroup(group, [{}, { sessionTimeoutMs: 2500 }])) as [Member, Member];
    refused(await b.heartbeat(), "NONE");
    await during(5_000, async () => {
      accepted(await b.commit(topic.id, 1));
    });
    refused(await b.heartbeat(), "NONE");
  });

  test("rule 23: a member with a parked join or sync counts as alive", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { sessionTimeoutMs: 2000 }])) as [Member, Member];
    refused(await b.heartbeat(), "NONE");
    const beat = () => during(5_000, () => a.heartbeat());
    b.protocols = [["range", "changed"]];
    const joining = b.join();
    await beat();
    assert.ok(await isPending(joining));
    assert.equal(accepted(await a.join()).members.length, 2);
    accepted(await joining);
    const syncing = b.sync();
    await beat();
    accepted(await a.syncAll());
    accepted(await syncing);
  });

  test("rule 24: when a session ends the member is removed and the group rebalances", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, { sessionTimeoutMs: 2000 }])) as [Member, Member];
    const from = performance.now();
    await until("the group rebalances", async () => (await a.heartbeat()).errorCode === 27);
    assert.ok(performance.now() - from > 1_000);
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
    assert.equal(accepted(await a.join()).members.length, 1);
  });

  test("rule 24: when the only member's session ends the group is Empty", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group, [{ sessionTimeoutMs: 2000 }])) as [Member];
    await untilState(a.connection, group, "Empty", 0);
    refused(await a.heartbeat(), "UNKNOWN_MEMBER_ID");
  });
});

suite("LeaveGroup", { concurrency: true }, () => {
  test("rule 25: many members leave at once, each with its own result", async () => {
    const group = fresh("g");
    const [a, b, c] = (await stableGroup(group, [{}, { instanceId: "b" }, {}])) as [Member, Member, Member];
    const members = [
      { memberId: "stranger" },
      { memberId: "", groupInstanceId: "b" },
      { memberId: c.memberId },
      { memberId: "", groupInstanceId: "unknown" },
      { memberId: a.memberId, groupInstanceId: "b" },
    ];
    const answer = accepted(await a.connection.ask("LeaveGroup", { groupId: group, members }));
    const codes = answer.members.map((each: Value) => [each.memberId, each.groupInstanceId, each.errorCode]);
    assert.deepEqual(codes, [
      ["stranger", null, 25],
      ["", "b", 0],
      [c.memberId, null, 0],
      ["", "unknown", 25],
      [a.memberId, "b", 25], // b is gone already
    ]);
    refused(await b.heartbeat(), "UNKNOWN_MEMBER_ID");
    assert.equal(accepted(await a.join()).members.length, 1);
  });

  test("rule 25: before version 3 one member leaves, and its result is the answer's", async () => {
    for (const version of [0, 1, 2]) {
      const group = fresh("g");
      const [a] = (await stableGroup(group)) as [Member];
      const leave = (memberId: string) => a.connection.ask("LeaveGroup", { groupId: group, memberId }, version);
      refused(await leave("stranger"), "UNKNOWN_MEMBER_ID");
      accepted(await leave(a.memberId));
      refused(await leave(a.memberId), "UNKNOWN_MEMBER_ID");
    }
  });

  test("nobody leaves: no error", async () => {
    const [a] = (await stableGroup(fresh("g"))) as [Member];
    const answer = accepted(await a.connection.ask("LeaveGroup", { groupId: a.groupId, members: [] }));
    assert.deepEqual(answer.members, []);
    refused(await a.heartbeat(), "NONE");
  });

  test("a pending member leaves too", async () => {
    const group = fresh("g");
    const [leader] = (await stableGroup(group)) as [Member];
    const pending = await Member.of(group);
    await pending.becomePending();
    const rejoining = leader.join();
    await untilState(pending.connection, group, "PreparingRebalance");
    accepted(await pending.leave());
    assert.equal(accepted(await rejoining).members.length, 1);
  });

  test("rule 24: a member that leaves sets off a rebalance; the others learn of it by their heartbeat", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    accepted(await b.leave());
    refused(await a.heartbeat(), "REBALANCE_IN_PROGRESS");
    assert.equal(accepted(await a.join()).generationId, 3);
  });

  test("a member that leaves lets the round that waits for it complete", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    accepted(await b.leave());
    assert.equal(accepted(await joining).members.length, 1);
  });

  test("rule 26: when the last one leaves the group is Empty, a generation later, and its offsets stay", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    const topic = await createTopic(a.connection);
    accepted(await a.commit(topic.id, 42));
    accepted(await a.leave());
    const described = await describe(a.connection, group);
    assert.equal(described.groupState, "Empty");
    assert.deepEqual(described.members, []);
    assert.equal((await committed(a.connection, group, topic.id)).committedOffset, 42);
    const b = await Member.of(group);
    assert.equal(accepted(await b.join()).generationId, 3);
  });
});
