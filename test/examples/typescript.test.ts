/** The walks of `examples/`, as their READMEs have them, by the programs in TypeScript. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startTestBroker } from "../client/broker.ts";
import { walk } from "./support/walk.ts";

const bootstrapServer = await startTestBroker();

// They mostly wait.
suite("a walk of the examples goes as its README says", { concurrency: 3 }, () => {
  test("flow 1: a producer, a consumer, and a look at the group", async () => {
    await walk("1-a-first-group", { bootstrapServer });
  });

  test("flow 2: one of three consumers stops, another is killed", async () => {
    const walked = await walk("2-rebalance", { bootstrapServer });
    const kill = walked.findIndex(
      ({ step }) => typeof step.typed === "object" && step.typed.command.startsWith("kill"),
    );
    const [{ typedAtMs }, takeOver] = [walked[kill]!, walked[kill + 1]!];
    const tookMs = takeOver.lines[0]!.atMs - typedAtMs;
    // A session of 6 s, since the last heartbeat, which is up to 3 s ago.
    assert.ok(tookMs > 2_500 && tookMs < 20_000, `the kill was noticed after ${tookMs} ms`);
  });

  test("flow 3: a static member comes back in time, and too late", async () => {
    await walk("3-static-members", { bootstrapServer, env: { SESSION_TIMEOUT_MS: "15000" } });
  });

  test("flow 4: who has what under the four assignors, before and after a consumer fails", async () => {
    await walk("4-assignors", { bootstrapServer });
  });

  test("flow 5: which partitions pause in an eager and in a cooperative rebalance", async () => {
    const [walked] = await walk("5-eager-and-cooperative", { bootstrapServer });
    const pauses = walked!.lines.flatMap(({ text }) =>
      [...text.matchAll(/pauses (\d+) ms/g)].map((match) => Number(match[1])),
    );
    assert.equal(pauses.length, 8, "all six in the eager rebalance, two in the cooperative one");
    assert.ok(Math.min(...pauses) >= 199, `${pauses}: the consumers need 200 ms before they give anything up`);
  });

  test("flow 6: auto.offset.reset, and what is committed after a restart", async () => {
    await walk("6-where-to-start", { bootstrapServer });
  });

  test("flow 7: lag, and committed offsets that are moved and deleted", async () => {
    await walk("7-lag-and-offsets", { bootstrapServer });
  });

  test("flow 8: transfers that crash, at least once and exactly once", async () => {
    await walk("8-exactly-once", { bootstrapServer });
  });
});
