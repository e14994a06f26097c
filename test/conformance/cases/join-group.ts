import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { accepted, createTopic, during, fresh, refused } from "../suite.ts";
import type { Value } from "../wire/codec.ts";
import { isPending } from "../wire/connection.ts";
import { subscription } from "../wire/subscription.ts";

const ids = (answer: Value): string[] => answer.members.map((member: Value) => member.memberId).sort();

suite("JoinGroup: who may join", { concurrency: true }, () => {
  test("rule 3: an empty group id is refused", async () => {
    const member = await Member.of("");
    refused(await member.join(), "INVALID_GROUP_ID");
  });

  test("rule 4: a session timeout outside the bounds is refused, the bounds themselves are not", async () => {
    for (const [sessionTimeoutMs, error] of [
      [99, "INVALID_SESSION_TIMEOUT"],
      [1_800_001, "INVALID_SESSION_TIMEOUT"],
      [0, "INVALID_SESSION_TIMEOUT"],
      [-1, "INVALID_SESSION_TIMEOUT"],
      [100, "MEMBER_ID_REQUIRED"],
      [1_800_000, "MEMBER_ID_REQUIRED"],
    ] as const) {
      const member = await Member.of(fresh("g"), { sessionTimeoutMs });
      refused(await member.joinOnce(), error);
    }
  });

  test("rule 5: an unknown group is not made for a member that already has an id", async () => {
    const group = fresh("g");
    const member = await Member.of(group);
    member.memberId = "someone";
    refused(await member.join(), "UNKNOWN_MEMBER_ID");
    const { groups } = await member.connection.ask("ListGroups");
    assert.ok(!groups.some((each: Value) => each.groupId === group));
  });

  test("rule 6: another protocol type, no protocols, no protocol type, no common assignor are refused", async () => {
    const group = fresh("g");
    await stableGroup(group, [{ protocols: [["range", ""]] }]);
    const connect = await Member.of(group, { protocolType: "connect" });
    refused(await connect.join(), "INCONSISTENT_GROUP_PROTOCOL");
    const none = await Member.of(group, { protocols: [] });
    refused(await none.join(), "INCONSISTENT_GROUP_PROTOCOL");
    const untyped = await Member.of(fresh("g"), { protocolType: "" });
    refused(await untyped.join(), "INCONSISTENT_GROUP_PROTOCOL");
    const noneInNew = await Member.of(fresh("g"), { protocols: [] });
    refused(await noneInNew.join(), "INCONSISTENT_GROUP_PROTOCOL");
    const other = await Member.of(group, { protocols: [["sticky", ""]] });
    refused(await other.join(), "INCONSISTENT_GROUP_PROTOCOL");
  });

  test("rule 6: an Empty group takes any protocol type, also after it had another", async () => {
    const group = fresh("g");
    const [first] = await stableGroup(group);
    accepted(await first!.leave());
    const connect = await Member.of(group, { protocolType: "connect", protocols: [["eager", ""]] });
    const answer = accepted(await connect.join());
    assert.equal(answer.protocolType, "connect");
    assert.equal(answer.protocolName, "eager");
    assert.equal(answer.generationId, 3);
  });

  test("rule 8: from version 4 on a dynamic member is first told its id, made of its client id", async () => {
    for (const version of [4, 5, 6, 9]) {
      const member = await Member.of(fresh("g"), { clientId: "billing app" });
      const answer = await member.joinOnce({}, version);
      refused(answer, "MEMBER_ID_REQUIRED");
      assert.match(answer.memberId, /^billing app-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.equal(answer.generationId, -1);
      assert.deepEqual(answer.members, []);
      const second = await member.joinOnce({}, version);
      refused(second, "MEMBER_ID_REQUIRED");
      assert.notEqual(second.memberId, answer.memberId);
      member.memberId = answer.memberId;
      accepted(await member.joinOnce({}, version));
    }
  });

  test("rule 8: before version 4 a dynamic member is joined at once", async () => {
    for (const version of [0, 1, 2, 3]) {
      const member = await Member.of(fresh("g"), { clientId: "old" });
      const answer = accepted(await member.joinOnce({}, version));
      assert.match(answer.memberId, /^old-[0-9a-f-]{36}$/);
      assert.equal(answer.leader, answer.memberId);
      assert.equal(answer.generationId, 1);
    }
  });

  test("rule 8: a pending member holds the completion of a rebalance back until it joins", async () => {
    const group = fresh("g");
    const [leader] = await stableGroup(group);
    const pending = await Member.of(group);
    await pending.becomePending();
    const rejoining = leader!.join();
    await untilState(pending.connection, group, "PreparingRebalance");
    assert.ok(await isPending(rejoining));
    accepted(await pending.join());
    const answer = accepted(await rejoining);
    assert.deepEqual(ids(answer), [leader!.memberId, pending.memberId].sort());
  });

  test("rule 8: a pending member holds a rebalance back until its session ends; then its id is forgotten", async () => {
    const group = fresh("g");
    const [leader] = await stableGroup(group);
    const pending = await Member.of(group, { sessionTimeoutMs: 2500 });
    await pending.becomePending();
    const from = performance.now();
    const answer = accepted(await leader!.join());
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 2_000 && tookMs < 9_000, `${tookMs} ms`);
    assert.deepEqual(ids(answer), [leader!.memberId]);
    refused(await pending.joinOnce(), "UNKNOWN_MEMBER_ID");
  });

  test("rule 8: a pending member holds a rebalance back at most for the rebalance timeout", async () => {
    const group = fresh("g");
    const [leader] = await stableGroup(group, [{ rebalanceTimeoutMs: 2500 }]);
    const pending = await Member.of(group, { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 });
    await pending.becomePending();
    const from = performance.now();
    accepted(await leader!.join());
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 2_000 && tookMs < 9_000, `${tookMs} ms`);
    refused(await leader!.heartbeat(), "NONE");
  });

  test("rule 8: a pending member does not hold back the first rebalance of an Empty group", async () => {
    const group = fresh("g");
    const [pending, member] = [await Member.of(group), await Member.of(group)];
    await pending.becomePending();
    const answer = accepted(await member.join());
    assert.deepEqual(ids(answer), [member.memberId]);
  });

  test("rule 9: a pending id that comes with an instance id is an error of the server", async () => {
    const group = fresh("g");
    const member = await Member.of(group);
    await member.becomePending();
    refused(await member.joinOnce({ groupInstanceId: fresh("i") }), "UNKNOWN_SERVER_ERROR");
  });

  test("rule 9: a pending member is no member yet", async () => {
    const [leader] = (await stableGroup(fresh("g"))) as [Member];
    const topic = await createTopic(leader.connection);
    const pending = await Member.of(leader.groupId);
    await pending.becomePending();
    pending.generationId = 1;
    refused(await pending.heartbeat(), "UNKNOWN_MEMBER_ID");
    refused(await pending.sync(), "UNKNOWN_MEMBER_ID");
    refused(await pending.commit(topic.id, 1), "UNKNOWN_MEMBER_ID");
    assert.equal((await describe(leader.connection, leader.groupId)).members.length, 1);
  });

  test("rule 9: an id that is neither pending nor a member's is unknown", async () => {
    const group = fresh("g");
    await stableGroup(group);
    const stranger = await Member.of(group);
    stranger.memberId = "stranger";
    refused(await stranger.join(), "UNKNOWN_MEMBER_ID");
  });
});

suite("JoinGroup: rounds", { concurrency: true }, () => {
  test("rule 11: a later round waits until every member has rejoined", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const c = await Member.of(group);
    const joining = [c.join()];
    await untilState(a.connection, group, "PreparingRebalance", 3);
    joining.push(a.join());
    refused(await b.heartbeat(), "REBALANCE_IN_PROGRESS");
    assert.ok(await isPending(joining[0]!));
    assert.ok(await isPending(joining[1]!));
    const answers = await Promise.all([...joining, b.join()]);
    for (const answer of answers) assert.equal(accepted(answer).generationId, 3);
  });

  test("rule 11: members that do not rejoin within the largest rebalance timeout are dropped", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{ rebalanceTimeoutMs: 500 }, { rebalanceTimeoutMs: 2500 }])) as Member[];
    const from = performance.now();
    const answer = accepted(await a!.join());
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 2_000 && tookMs < 9_000, `${tookMs} ms`);
    assert.deepEqual(ids(answer), [a!.memberId]);
    refused(await b!.heartbeat(), "UNKNOWN_MEMBER_ID");
  });

  test("rule 11: a static member that did not rejoin stays in the group", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { rebalanceTimeoutMs: 2000 },
      { rebalanceTimeoutMs: 2000, instanceId: "b" },
    ])) as [Member, Member];
    const answer = accepted(await a.join());
    assert.deepEqual(ids(answer), [a.memberId, b.memberId].sort());
    const away = answer.members.find((member: Value) => member.memberId === b.memberId);
    assert.equal(away.groupInstanceId, "b");
    refused(await b.heartbeat(), "ILLEGAL_GENERATION");
  });

  test("rule 11: while only static members are left and away the group prepares at its old generation", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { rebalanceTimeoutMs: 2000, sessionTimeoutMs: 2000 },
      { rebalanceTimeoutMs: 2000, instanceId: "b" },
    ])) as [Member, Member];
    await untilState(b.connection, group, "PreparingRebalance", 1); // a's session has ended
    await during(5_000, async () => refused(await b.heartbeat(), "REBALANCE_IN_PROGRESS")); // more than two timers long
    const answer = accepted(await b.join());
    assert.equal(answer.generationId, a.generationId + 1);
    assert.equal(answer.leader, b.memberId);
  });

  test("rule 11: in version 0 the session timeout is the rebalance timeout too", async () => {
    const group = fresh("g");
    const members = (await stableGroup(group, [{ sessionTimeoutMs: 2_500 }, { sessionTimeoutMs: 30_000 }])) as Member[];
    const [a, b] = members as [Member, Member];
    const joining = a.join({}, 0);
    await untilState(b.connection, group, "PreparingRebalance");
    accepted(await b.join({ sessionTimeoutMs: 2_500 }, 0));
    accepted(await joining);
    await Promise.all([a.syncAll(), b.sync()]);
    const from = performance.now();
    const rejoining = a.join({}, 0);
    const alive = during(1_800, () => b.heartbeat()); // its session does not end first
    const answer = accepted(await rejoining);
    const tookMs = performance.now() - from;
    await alive;
    assert.ok(tookMs > 2_000 && tookMs < 9_000, `${tookMs} ms`);
    assert.deepEqual(ids(answer), [a.memberId]);
  });

  test("rule 12: the first member that joined leads; when it is gone, another does", async () => {
    const group = fresh("g");
    const [a, b, c] = (await stableGroup(group, [{}, {}, {}])) as [Member, Member, Member];
    assert.equal(b.joined.leader, a.memberId);
    accepted(await a.leave());
    const [ofB, ofC] = await Promise.all([b.join(), c.join()]);
    assert.equal(accepted(ofB).leader, accepted(ofC).leader);
    assert.ok([b.memberId, c.memberId].includes(ofB.leader));
  });

  test("rule 12: a static leader that did not rejoin is followed by another", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { rebalanceTimeoutMs: 2000, instanceId: "a" },
      { rebalanceTimeoutMs: 2000 },
    ])) as [Member, Member];
    b.protocols = [["range", "changed"]];
    const answer = accepted(await b.join());
    assert.equal(answer.leader, b.memberId);
    assert.deepEqual(ids(answer), [a.memberId, b.memberId].sort());
  });

  test("rule 13: each member votes for its first assignor that all support; most votes win", async () => {
    const group = fresh("g");
    const members = await stableGroup(group, [
      {
        protocols: [
          ["range", ""],
          ["sticky", ""],
          ["roundrobin", ""],
        ],
      },
      {
        protocols: [
          ["only-b", ""],
          ["sticky", ""],
          ["roundrobin", ""],
          ["range", ""],
        ],
      },
      {
        protocols: [
          ["sticky", ""],
          ["range", ""],
        ],
      },
    ]);
    for (const member of members) {
      assert.equal(member.joined.protocolName, "sticky");
      assert.equal(member.joined.protocolType, "consumer");
    }
  });

  test("rule 14: only the leader gets the members, with what they subscribed to in the assignor chosen", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      {
        protocols: [
          ["other", "a,other"],
          ["range", "a,range"],
        ],
      },
      { instanceId: "b", protocols: [["range", "b,range"]] },
    ])) as [Member, Member];
    assert.deepEqual(b.joined.members, []);
    const listed = a.joined.members.map((each: Value) => [each.memberId, each.groupInstanceId, each.metadata]);
    const expected = [
      [a.memberId, null, subscription("a,range")],
      [b.memberId, "b", subscription("b,range")],
    ];
    assert.deepEqual(listed.sort(), expected.sort());
  });

  test("rule 15: the generation grows by one with every round, also into Empty", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    assert.equal(a.generationId, 1);
    assert.equal(accepted(await a.join()).generationId, 2);
    accepted(await a.leave());
    const b = await Member.of(group);
    assert.equal(accepted(await b.join()).generationId, 4);
  });

  test("rule 16: a rejoin before the plan, with the same metadata, gets the current generation", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    const again = accepted(await b.join());
    assert.equal(again.generationId, 2);
    assert.deepEqual(again.members, []);
    const leader = accepted(await a.join());
    assert.equal(leader.generationId, 2);
    assert.deepEqual(ids(leader), [a.memberId, b.memberId].sort());
  });

  test("rule 16: a rejoin before the plan, with other metadata, starts a new round", async () => {
    const group = fresh("g");
    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    b.protocols = [["range", "changed"]];
    const joining = b.join();
    await untilState(a.connection, group, "PreparingRebalance");
    refused(await a.heartbeat(), "REBALANCE_IN_PROGRESS");
    assert.equal(accepted(await a.join()).generationId, 3);
    assert.equal(accepted(await joining).generationId, 3);
  });

  test("rule 17: in Stable the leader's rejoin always rebalances", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    refused(await b.heartbeat(), "REBALANCE_IN_PROGRESS");
    assert.equal(accepted(await b.join()).generationId, 3);
    assert.equal(accepted(await joining).generationId, 3);
  });

  test("rule 17: in Stable a follower's rejoin with the same metadata gets the current generation", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const answer = accepted(await b.join());
    assert.equal(answer.generationId, 2);
    assert.equal(answer.leader, a.memberId);
    assert.deepEqual(answer.members, []);
    refused(await a.heartbeat(), "NONE");
  });

  test("rule 17: the same assignors in another order count as changed metadata", async () => {
    const group = fresh("g");
    const both: [string, string][] = [
      ["range", ""],
      ["sticky", ""],
    ];
    const [a, b] = (await stableGroup(group, [{ protocols: both }, { protocols: both }])) as [Member, Member];
    b.protocols = [...both].reverse() as [string, string][];
    const joining = b.join();
    await untilState(a.connection, group, "PreparingRebalance");
    accepted(await a.join());
    assert.equal(accepted(await joining).generationId, 3);
  });

  test("rule 18: a reason is taken", async () => {
    const member = await Member.of(fresh("g"));
    accepted(await member.join({ reason: "the subscription changed" }, 8));
    accepted(await member.leave({ reason: "the consumer is being closed" }));
  });
});
