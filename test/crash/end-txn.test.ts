import assert from "node:assert/strict";
import { test } from "node:test";
import { killInEndTxn } from "./end-txn.ts";

test("a broker that is killed while transactions end completes them, one way, everywhere", async () => {
  const { breaches, committed, aborted } = await killInEndTxn(8, 1);
  assert.deepEqual(breaches, []);
  assert.equal(committed + aborted, 8);
});
