import assert from "node:assert/strict";
import { test } from "node:test";
import { retrying } from "../../src/client/admin/attempts.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import { brokerError, RequestTimeoutError } from "../../src/client/errors.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";

test("a call that ends tells what the broker said last, also where a timer was early", async () => {
  const config = { requestTimeoutMs: 30_000, retryBackoffMs: 1, retryBackoffMaxMs: 2 };
  const cluster = { config } as Partial<Cluster> as Cluster;
  let attempts = 0;
  const call = retrying(cluster, { timeoutMs: 30 }, async ({ timeoutMs }) => {
    assert.ok(timeoutMs! <= 30);
    attempts++;
    throw attempts === 1 ? brokerError(ErrorCode.UNSTABLE_OFFSET_COMMIT, "orders") : new RequestTimeoutError("early");
  });
  await assert.rejects(call, { code: "UNSTABLE_OFFSET_COMMIT" });
  assert.ok(attempts > 1);
});

test("a call without a pause between its attempts ends with its time", async () => {
  const config = { requestTimeoutMs: 30_000, retryBackoffMs: 0, retryBackoffMaxMs: 0 };
  const cluster = { config } as Partial<Cluster> as Cluster;
  const lastMs = performance.now() + 10_000;
  const call = retrying(cluster, { timeoutMs: 5 }, async () => {
    assert.ok(performance.now() < lastMs, "it is tried without end");
    throw brokerError(ErrorCode.UNSTABLE_OFFSET_COMMIT, "orders");
  });
  await assert.rejects(call, { code: "UNSTABLE_OFFSET_COMMIT" });
});
