import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka } from "../../src/client/kafka.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

test("rule 53: an offset that a transaction may still change is waited for", async () => {
  await using broker = await FakeBroker.start();
  const port = Number(broker.bootstrapServers.split(":")[1]);
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, "orders")]));
  broker.on(FindCoordinator, ({ request }) => ({
    coordinators: request.coordinatorKeys.map((key) => {
      return { key, nodeId: 1, host: "127.0.0.1", port, errorCode: 0, errorMessage: null };
    }),
  }));
  const codes = [ErrorCode.UNSTABLE_OFFSET_COMMIT, ErrorCode.UNSTABLE_OFFSET_COMMIT, ErrorCode.NONE];
  broker.on(OffsetFetch, ({ request }) => {
    assert.equal(request.requireStable, true);
    const errorCode = codes.shift()!;
    const committedOffset = errorCode === ErrorCode.NONE ? 5 : -1;
    const partitions = [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, metadata: "", errorCode }];
    return { groups: [{ groupId: "billing", topics: [{ name: "orders", partitions }], errorCode: 0 }] };
  });
  const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 1 });
  await using consumer = kafka.consumer({ groupId: "billing", enableAutoCommit: false });
  const first = { topic: "orders", partition: 0 };
  await consumer.assign([first]);
  assert.equal(await consumer.position(first), 5);
  assert.deepEqual(codes, []);
});
