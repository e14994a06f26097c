import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { joinedGroup, Member, stableGroup } from "../member.ts";
import { accepted, fresh, open, refused, until } from "../suite.ts";
import { subscription } from "../wire/subscription.ts";

const internal = "__consumer_offsets";

/** Java's String.hashCode, of ASCII. */
const hash = (text: string) => [...text].reduce((sum, each) => (31 * sum + each.charCodeAt(0)) | 0, 0);
const partitionOf = (group: string) => Math.abs(hash(group)) % 50;

/* A small limit for the whole internal topic: no other test writes records as large. */
const broker = await open();
const configs = [{ name: "max.message.bytes", configOperation: 0, value: "400000" }];
const resources = [{ resourceType: 2, resourceName: internal, configs }];
accepted((await broker.ask("IncrementalAlterConfigs", { resources })).responses[0]);
await until("the limit is known", async () => {
  const asked = [{ resourceType: 2, resourceName: internal, configurationKeys: ["max.message.bytes"] }];
  const { results } = await broker.ask("DescribeConfigs", { resources: asked });
  return results[0].configs[0].value === "400000";
});

suite("A plan that does not fit into a record", () => {
  test("rule 59: the leader's sync is an error of the server, the group rebalances, others go on", async () => {
    const group = fresh("g");
    let neighbour = fresh("n");
    while (partitionOf(neighbour) !== partitionOf(group)) neighbour = fresh("n");
    const [other] = (await stableGroup(neighbour)) as [Member];

    const [a, b] = (await joinedGroup(group, [{}, {}])) as [Member, Member];
    const parked = b.sync();
    const plan = { [a.memberId]: "x".repeat(500_000), [b.memberId]: "to b" };
    refused(await a.sync(plan), "UNKNOWN_SERVER_ERROR");
    refused(await parked, "UNKNOWN_SERVER_ERROR");
    refused(await a.heartbeat(), "REBALANCE_IN_PROGRESS");
    refused(await other.heartbeat(), "NONE");
    accepted(await other.syncAll());

    const answers = await Promise.all([a.join(), b.join()]);
    for (const answer of answers) assert.equal(accepted(answer).generationId, 3);
    const [leader, follower] = a.isLeader ? [a, b] : [b, a];
    const synced = await Promise.all([leader.syncAll(), follower.sync()]);
    for (const answer of synced) accepted(answer);
  });

  test("rule 31: when the swap of a static member does not fit, the old member id comes back", async () => {
    const [a, b] = (await stableGroup(fresh("g"), [{}, { instanceId: "b" }])) as [Member, Member];
    const metadata = Buffer.concat([subscription(""), Buffer.alloc(500_000)]); // what is behind it is ignored
    const again = await Member.of(b.groupId, { instanceId: "b" });
    refused(await again.join({ protocols: [{ name: "range", metadata }] }), "UNKNOWN_SERVER_ERROR");
    refused(await b.heartbeat(), "NONE");
    refused(await a.heartbeat(), "NONE");
    assert.equal(String(accepted(await b.sync()).assignment), `to ${b.memberId}`);
  });
});
