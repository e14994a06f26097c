import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commit, describe, joinedGroup, type Member, stableGroup, untilState } from "../member.ts";
import { accepted, createTopic, fetch, fresh, main, open, refused } from "../suite.ts";
import { records } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { subscription } from "../wire/subscription.ts";

const broker = await open();
const topic = await createTopic(broker);

/** The groups of a listing that are among these, sorted. */
async function listed(among: string[], filter: Value = {}, version = 5): Promise<Value[]> {
  const answer = accepted(await broker.ask("ListGroups", filter, version));
  const found = answer.groups.filter((each: Value) => among.includes(each.groupId));
  return found.sort((a: Value, b: Value) => (a.groupId < b.groupId ? -1 : 1));
}

suite("ListGroups, DescribeGroups", { concurrency: true }, () => {
  test("rule 43: every version lists groups, with what it can tell", async () => {
    const group = fresh("g");
    await stableGroup(group);
    const expected: Value = { groupId: group, protocolType: "consumer" };
    for (const version of [0, 1, 2, 3]) assert.deepEqual(await listed([group], {}, version), [expected]);
    expected.groupState = "Stable";
    assert.deepEqual(await listed([group], {}, 4), [expected]);
    expected.groupType = "classic";
    assert.deepEqual(await listed([group], {}, 5), [expected]);
  });

  test("rule 43: states and types filter, ignoring case; unknown values match nothing", async () => {
    const [stable, empty, completing] = ["a", "b", "c"].map((each) => fresh(`g-${each}`)) as [string, string, string];
    await stableGroup(stable);
    await joinedGroup(completing, [{}]);
    accepted(await commit(broker, empty, topic.id, 1));
    const all = [stable, empty, completing];
    const ids = async (filter: Value, version = 5) => (await listed(all, filter, version)).map((each) => each.groupId);
    for (const version of [4, 5]) {
      assert.deepEqual(await ids({ statesFilter: ["Stable"] }, version), [stable]);
      assert.deepEqual(await ids({ statesFilter: ["sTABLE", "empty"] }, version), [stable, empty]);
      assert.deepEqual(await ids({ statesFilter: ["CompletingRebalance"] }, version), [completing]);
      assert.deepEqual(await ids({ statesFilter: ["Unheard"] }, version), []);
      assert.deepEqual(await ids({ statesFilter: ["Unheard", "Empty"] }, version), [empty]);
      assert.deepEqual(await ids({ statesFilter: [] }, version), all);
    }
    assert.deepEqual(await ids({ typesFilter: ["CLASSIC"] }), all);
    assert.deepEqual(await ids({ typesFilter: ["consumer"] }), []);
    assert.deepEqual(await ids({ typesFilter: ["share", "classic"] }), all);
    assert.deepEqual(await ids({ typesFilter: ["unheard"] }), []);
    assert.deepEqual(await ids({ typesFilter: ["classic"], statesFilter: ["empty"] }), [empty]);
  });

  test("rule 43: an unknown group is Dead; from version 6 on it is not found, with a message", async () => {
    const group = fresh("g");
    for (const version of [0, 1, 2, 3, 4, 5]) {
      const found = await describe(broker, group, version);
      assert.deepEqual([found.errorCode, found.groupId, found.groupState, found.members], [0, group, "Dead", []]);
    }
    const found = await describe(broker, group, 6);
    assert.deepEqual([found.errorCode, found.groupState, found.members], [69, "Dead", []]);
    assert.equal(found.errorMessage, `Group ${group} not found.`);
  });

  test("a Stable group is described with its members, their hosts, subscriptions and assignments", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { clientId: "client a", protocols: [["range", "x"]] },
      { clientId: "client b", instanceId: "b", protocols: [["range", "y"]] },
    ])) as [Member, Member];
    for (const version of [0, 1, 2, 3, 4, 5, 6]) {
      const found = accepted(await describe(broker, group, version));
      assert.deepEqual([found.groupState, found.protocolType, found.protocolData], ["Stable", "consumer", "range"]);
      const members = new Map<string, Value>(found.members.map((each: Value) => [each.memberId, each]));
      const [ofA, ofB] = [members.get(a.memberId), members.get(b.memberId)];
      assert.equal(members.size, 2);
      assert.deepEqual([ofA.clientId, ofB.clientId], ["client a", "client b"]);
      assert.match(ofA.clientHost, /^\/127\.0\.0\.1$/);
      assert.deepEqual(ofA.memberMetadata, subscription("x"));
      assert.deepEqual(ofB.memberMetadata, subscription("y"));
      assert.equal(String(ofB.memberAssignment), `to ${b.memberId}`);
      if (version >= 4) assert.deepEqual([ofA.groupInstanceId, ofB.groupInstanceId], [null, "b"]);
    }
  });

  test("while a group rebalances its members keep their assignments, and are told without metadata", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    const preparing = await untilState(b.connection, group, "PreparingRebalance", 2);
    assert.deepEqual([preparing.protocolType, preparing.protocolData], ["consumer", ""]);
    const told = (group: Value) =>
      group.members.map((each: Value) => [String(each.memberMetadata), String(each.memberAssignment)]).sort();
    const had = [
      ["", `to ${a.memberId}`],
      ["", `to ${b.memberId}`],
    ].sort();
    assert.deepEqual(told(preparing), had);
    accepted(await b.join());
    accepted(await joining);
    const completing = await describe(broker, group);
    assert.deepEqual([completing.groupState, completing.protocolData], ["CompletingRebalance", ""]);
    assert.deepEqual(told(completing), had);
  });

  test("authorized operations are told when asked for", async () => {
    const group = fresh("g");
    await stableGroup(group);
    for (const [asked, expected] of [
      [false, -2147483648],
      [true, 0b110101001000],
    ] as const) {
      const body = { groups: [group], includeAuthorizedOperations: asked };
      const { groups } = await broker.ask("DescribeGroups", body, 5);
      assert.equal(groups[0].authorizedOperations, expected);
    }
  });

  test("several groups are described in one request", async () => {
    const [one, two] = [fresh("g"), fresh("g")];
    await stableGroup(one);
    const { groups } = await broker.ask("DescribeGroups", { groups: [one, two, ""] }, 5);
    const states = Object.fromEntries(groups.map((each: Value) => [each.groupId, each.groupState]));
    assert.equal(states[one], "Stable");
    assert.equal(states[two], "Dead");
    assert.equal(groups.length, 3);
  });

  test("a classic group is no consumer group", async () => {
    const group = fresh("g");
    await stableGroup(group);
    for (const version of [0, 1]) {
      const unknown = fresh("g");
      const { groups } = await broker.ask("ConsumerGroupDescribe", { groupIds: [group, unknown] }, version);
      for (const each of groups) refused(each, "GROUP_ID_NOT_FOUND");
      const messages = groups.map((each: Value) => each.errorMessage).sort();
      assert.deepEqual(messages, [`Group ${group} is not a consumer group.`, `Group ${unknown} not found.`].sort());
    }
  });
});

suite("FindCoordinator", { concurrency: true }, () => {
  const [host, port] = [main.slice(0, main.lastIndexOf(":")), Number(main.slice(main.lastIndexOf(":") + 1))];

  test("rule 1: the coordinator of a group is the broker that leads its partition", async () => {
    for (const version of [0, 1, 2, 3]) {
      const answer = accepted(await broker.ask("FindCoordinator", { key: "any", keyType: 0 }, version));
      assert.deepEqual([answer.host, answer.port], [host, port]);
      if (version > 0) assert.ok(["NONE", null, ""].includes(answer.errorMessage), answer.errorMessage);
    }
  });

  test("rule 1: from version 4 on many keys are asked for at once, also the empty one", async () => {
    for (const version of [4, 5, 6]) {
      const coordinatorKeys = ["one", "", "two"];
      const answer = await broker.ask("FindCoordinator", { keyType: 0, coordinatorKeys }, version);
      const found = answer.coordinators.map((each: Value) => [each.key, each.host, each.port, each.errorCode]);
      assert.deepEqual(
        found,
        coordinatorKeys.map((key) => [key, host, port, 0]),
      );
      assert.ok(answer.coordinators.every((each: Value) => each.nodeId >= 0));
    }
  });

  test("an unknown type of key is an invalid request", async () => {
    refused(await broker.ask("FindCoordinator", { key: "any", keyType: 9 }, 3), "INVALID_REQUEST");
    const answer = await broker.ask("FindCoordinator", { keyType: 9, coordinatorKeys: ["any"] });
    refused(answer.coordinators[0], "INVALID_REQUEST");
    assert.deepEqual([answer.coordinators[0].nodeId, answer.coordinators[0].port], [-1, -1]);
  });

  test("rule 1: a group's records lie in the partition of its hash", async () => {
    const { topics } = await broker.ask("Metadata", { topics: [{ name: "__consumer_offsets" }] });
    assert.equal(accepted(topics[0]).isInternal, true);
    assert.equal(topics[0].partitions.length, 50);
    const internal = { name: "__consumer_offsets", id: topics[0].topicId };
    for (const [group, partition] of [
      ["polygenelubricants", 0], // its hash is -2^31, of which abs is 0
      ["orders", 31],
      ["billing", 9],
      ["가나다", 46],
      ["", 0],
    ] as const) {
      const before = await fetch(broker, internal, 0, { partition, maxWaitMs: 0 });
      const isolated = await commit(broker, group, topic.id, 17);
      accepted(isolated);
      const { highWatermark } = before;
      const answer = await fetch(broker, internal, highWatermark, { partition, maxWaitMs: 5_000 });
      const keys = records(answer.records).map((each) => each.keyBytes?.toString("latin1") ?? "");
      const wanted = Buffer.concat([Buffer.of(0, 1, 0, Buffer.byteLength(group)), Buffer.from(group)]).toString(
        "latin1",
      );
      assert.ok(
        keys.some((key) => key.startsWith(wanted)),
        `group ${group} in partition ${partition}`,
      );
    }
  });
});
