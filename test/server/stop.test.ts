import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { answerOf, ask, send } from "./asking.ts";
import { anyPort, RawClient, RunningBroker } from "./running.ts";

test("SIGTERM answers what is parked so that clients try again, and exits with 0 within two seconds", async () => {
  const broker = new RunningBroker(["--ephemeral", ...anyPort]);
  const port = await broker.port();
  const [joining, fetching] = [new RawClient(port), new RawClient(port)];
  const coordinator = await ask(joining, FindCoordinator, 1, { key: "billing", keyType: 0 });
  assert.equal(coordinator.errorCode, ErrorCode.NONE);
  const topic = { name: "orders", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await ask(fetching, CreateTopics, 4, { topics: [topic], timeoutMs: 1000 });

  send(joining, JoinGroup, 3, {
    groupId: "billing",
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: "",
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: new Uint8Array() }],
  });
  const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 };
  const [maxWaitMs, minBytes] = [60_000, 1];
  send(fetching, Fetch, 11, { maxWaitMs, minBytes, topics: [{ topic: "orders", partitions: [partition] }] });
  // What follows on the same broker is answered after both were taken in.
  await ask(new RawClient(port), FindCoordinator, 1, { key: "billing", keyType: 0 });

  const beganMs = performance.now();
  const ended = broker.stop();
  assert.equal((await answerOf(joining, JoinGroup, 3)).errorCode, ErrorCode.NOT_COORDINATOR);
  const fetched = await answerOf(fetching, Fetch, 11);
  assert.equal(fetched.errorCode, ErrorCode.NONE);
  assert.equal((await ended).code, 0);
  assert.ok(performance.now() - beganMs < 2_000);
  await Promise.all([joining.closed, fetching.closed]);
});
