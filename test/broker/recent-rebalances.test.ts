import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RecentRebalances } from "../../src/broker/recent-rebalances.ts";
import type { GroupRebalanceCompleted } from "../../src/group/facts.ts";
import { DescribeGroups } from "../../src/protocol/apis/describe-groups.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { LeaveGroup } from "../../src/protocol/apis/leave-group.ts";
import { SyncGroup } from "../../src/protocol/apis/sync-group.ts";
import { type Client, openCoordinator, startBroker } from "./harness.ts";

const groupId = "billing";

async function describe(client: Client, version: number, includeRebalances: boolean) {
  const { groups } = await client.ask(DescribeGroups, version, { groups: [groupId], includeRebalances });
  return groups[0]!.rebalances;
}

suite("DescribeGroups with includeRebalances", () => {
  test("tells who asks what the coordinator knows of the last rebalances, and nobody else", async () => {
    const under = await startBroker();
    const client = under.connect();
    await openCoordinator(client);
    const protocols = [{ name: "range", metadata: Buffer.from("orders") }];
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 };
    const join = { groupId, protocolType: "consumer", protocols, ...timeouts, reason: "it starts" };
    const first = await client.ask(JoinGroup, 9, { ...join, memberId: "" });
    const joining = client.ask(JoinGroup, 9, { ...join, memberId: first.memberId });
    await under.clock.advance(40);
    const { memberId, generationId } = await joining;
    assert.deepEqual(await describe(client, 6, true), [], "a rebalance that is under way is not told");
    const assignments = [{ memberId, assignment: Buffer.from("all") }];
    const protocol = { protocolType: "consumer", protocolName: "range" };
    await client.ask(SyncGroup, 5, { groupId, memberId, generationId, assignments, ...protocol });
    await client.ask(LeaveGroup, 5, { groupId, members: [{ memberId, reason: "it is done" }] });

    const told = await describe(client, 6, true);
    assert.deepEqual(
      told?.map(({ completedMs: _, durationMs: __, ...rest }) => rest),
      [
        {
          reason: `new member ${memberId}; client reason: it starts`,
          fromGeneration: 0,
          toGeneration: 1,
          members: 1,
          joined: [memberId],
          left: [],
        },
        {
          reason: `left: ${memberId} (client reason: it is done)`,
          fromGeneration: 1,
          toGeneration: 2,
          members: 0,
          joined: [],
          left: [memberId],
        },
      ],
    );
    for (const { completedMs, durationMs } of told!) {
      assert.equal(completedMs, under.clock.now().wallMs);
      assert.ok(durationMs >= 0 && durationMs <= 40);
    }
    assert.equal(await describe(client, 6, false), null);
    assert.equal(await describe(client, 4, true), null, "that version has no tagged fields");
  });
});

suite("the last rebalances", () => {
  const fact = (group: string, toGeneration: number): GroupRebalanceCompleted => ({
    type: "GroupRebalanceCompleted",
    group,
    reason: "new member a",
    fromGeneration: toGeneration - 1,
    toGeneration,
    protocolType: "consumer",
    assignor: "range",
    leader: "a",
    members: 1,
    joined: ["a"],
    left: [],
    movedPartitions: 0,
    durationMs: 1.4,
  });

  test("sixteen of a group are kept, until it is deleted", () => {
    const recent = new RecentRebalances();
    for (let generation = 1; generation <= 20; generation++) recent.note(fact(groupId, generation), 1000);
    const generations = recent.of(groupId).map(({ toGeneration }) => toGeneration);
    assert.deepEqual([generations.length, generations[0], generations.at(-1)], [16, 5, 20]);
    recent.note({ type: "GroupDeleted", group: groupId, reason: "by an admin" }, 1000);
    assert.deepEqual(recent.of(groupId), []);
  });

  test("of more than ten thousand groups, those that rebalanced last are kept", () => {
    const recent = new RecentRebalances();
    for (let group = 0; group < 10_000; group++) recent.note(fact(`group ${group}`, 1), 1000);
    recent.note(fact("group 0", 2), 1000);
    recent.note(fact("one more", 1), 1000);
    assert.equal(recent.of("group 0").length, 2);
    assert.equal(recent.of("group 1").length, 0);
  });
});
