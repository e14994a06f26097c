import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Member, type MemberOptions, untilState } from "../member.ts";
import { accepted, during, fresh, open, refused, tight } from "../suite.ts";
import type { Value } from "../wire/codec.ts";

/*
 * The tight broker: at most 3 members in a group, sessions of at most a minute, and a first round that waits 3 seconds.
 * Static members join at once, so that what is timed here is the round alone.
 */

const delayMs = 3000;

async function timedJoin(
  group: string,
  from: number,
  options: MemberOptions = {},
): Promise<{ ms: number; answer: Value }> {
  const member = await Member.of(group, { address: tight, instanceId: fresh("i"), ...options });
  const answer = accepted(await member.join());
  return { ms: performance.now() - from, answer };
}

function near(ms: number, expected: number): void {
  assert.ok(ms > expected - 60 && ms < expected + 1_700, `took ${ms} ms, expected some ${expected} ms`);
}

/** It waits for all that time. */
async function waitsFor(ms: number, join: Promise<unknown>): Promise<void> {
  let isAnswered = false;
  void join.then(() => {
    isAnswered = true;
  });
  await during(ms, async () => assert.ok(!isAnswered, "answered too early"));
}

suite("JoinGroup: the first round of an empty group", { concurrency: true }, () => {
  test("rule 10: it waits the initial delay in full, also beyond the rebalance timeout", async () => {
    for (const rebalanceTimeoutMs of [30_000, 100]) {
      const { ms, answer } = await timedJoin(fresh("g"), performance.now(), { rebalanceTimeoutMs });
      near(ms, delayMs);
      assert.equal(answer.generationId, 1);
    }
  });

  test("rule 10: when someone joins in that time it waits as long again", async () => {
    const [group, from] = [fresh("g"), performance.now()];
    const first = timedJoin(group, from);
    await waitsFor(delayMs / 2, first);
    const second = timedJoin(group, from);
    near((await first).ms, 2 * delayMs);
    near((await second).ms, 2 * delayMs);
    assert.equal((await first).answer.members.length, 2);
  });

  test("rule 10: the whole is limited by the first member's rebalance timeout", async () => {
    const [group, from] = [fresh("g"), performance.now()];
    const first = timedJoin(group, from, { rebalanceTimeoutMs: 4_000 });
    await waitsFor(delayMs / 2, first);
    const second = timedJoin(group, from, { rebalanceTimeoutMs: 30_000 });
    near((await first).ms, 4_000);
    near((await second).ms, 4_000);
  });

  test("rule 10: a group that became Empty waits again", async () => {
    const group = fresh("g");
    const member = await Member.of(group, { address: tight, instanceId: "a" });
    accepted(await member.join());
    // The answer comes when the group is Empty. The broker may expire it at once: a new group waits as well.
    accepted(await member.leave());
    near((await timedJoin(group, performance.now())).ms, delayMs);
  });
});

suite("Connections: limits", { concurrency: true }, () => {
  test("a connection that is idle for connections.max.idle.ms is closed", async () => {
    const connection = await open(tight);
    accepted(await connection.ask("ApiVersions", {}, 0));
    const from = performance.now();
    await connection.closed;
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 7_000 && tookMs < 40_000, `${tookMs} ms`);
  });
});

suite("JoinGroup: limits", { concurrency: true }, () => {
  test("rule 4: group.max.session.timeout.ms bounds the session", async () => {
    const member = await Member.of(fresh("g"), { address: tight, sessionTimeoutMs: 60_001 });
    refused(await member.join(), "INVALID_SESSION_TIMEOUT");
  });

  test("rule 7: a full group takes nobody, but who is in may rejoin", async () => {
    const group = fresh("g");
    const member = (instanceId: string) => Member.of(group, { address: tight, instanceId });
    const [a, b, c, d] = [await member("a"), await member("b"), await member("c"), await member("d")];
    const joins = await Promise.all([a.join(), b.join(), c.join()]);
    for (const answer of joins) accepted(answer);
    refused(await d.join(), "GROUP_MAX_SIZE_REACHED");
    const dynamic = await Member.of(group, { address: tight });
    refused(await dynamic.join(), "GROUP_MAX_SIZE_REACHED");
    refused(await dynamic.join({}, 3), "GROUP_MAX_SIZE_REACHED");
    accepted(await a.join());
    accepted(await b.leave());
    const joining = d.join();
    await untilState(dynamic.connection, group, "PreparingRebalance", 3);
    for (const answer of await Promise.all([joining, a.join(), c.join()])) accepted(answer);
  });
});
