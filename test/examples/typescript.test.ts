/** The walks of `examples/`, as their READMEs have them, by the programs in TypeScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestBroker } from "../client/broker.ts";
import { walk } from "./support/walk.ts";

const bootstrapServer = await startTestBroker();

test("flow 1: a producer, a consumer, and a look at the group", async () => {
  await walk("1-a-first-group", { bootstrapServer });
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
