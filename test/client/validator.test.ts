import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Cluster, ClusterMetadata } from "../../src/client/cluster.ts";
import { LogTruncationError } from "../../src/client/consumer/errors.ts";
import type { FetchedRecords } from "../../src/client/consumer/fetched-records.ts";
import { ReadPartition } from "../../src/client/consumer/read-partition.ts";
import { Validator } from "../../src/client/consumer/validator.ts";

const topic = "orders";

/** A partition read up to 10 in epoch 3; the leader of epoch `leaderEpoch` answers where epoch 3 ended. */
async function validated(
  leaderEpoch: number,
  endOffset: number,
  autoOffsetReset: "earliest" | "none",
  meanwhile: (partition: ReadPartition) => void = () => {},
) {
  const partition = new ReadPartition({ topic, partition: 0 }, "committed");
  partition.seek(10, 3);
  const requests: unknown[] = [];
  const partitions = [{ partition: 0, leaderEpoch }];
  const cluster = {
    known: { topics: new Map([[topic, { partitions }]]) } as unknown as ClusterMetadata,
    leaderOf: () => 1,
    refreshSoon: () => assert.fail("nothing is to be asked again"),
    send: async (_to: unknown, _api: unknown, request: unknown) => {
      assert.equal(partition.isFetchable, false, "not fetched while in doubt");
      requests.push(request);
      meanwhile(partition);
      return { topics: [{ topic, partitions: [{ partition: 0, errorCode: 0, leaderEpoch: 3, endOffset }] }] };
    },
  } as unknown as Cluster;
  const done = Promise.withResolvers<void>();
  const hooks = { validated: done.resolve, failed: done.reject };
  const validator = new Validator(
    cluster,
    { autoOffsetReset, retryBackoffMs: 1 },
    new Map([[partition.key, partition]]),
    hooks,
  );
  validator.kick();
  if (partition.isValidating) await done.promise;
  return { partition, requests };
}

suite("rule 52: with a new leader epoch", () => {
  test("a position that its epoch reached is kept", async () => {
    const { partition, requests } = await validated(4, 12, "none");
    assert.deepEqual(requests, [
      { replicaId: -1, topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch: 4, leaderEpoch: 3 }] }] },
    ]);
    assert.deepEqual([partition.position, partition.isFetchable, partition.error], [10, true, undefined]);
  });

  test("a position beyond the end of its epoch goes back to where the log diverged", async () => {
    const { partition } = await validated(4, 7, "earliest");
    assert.deepEqual([partition.position, partition.isFetchable], [7, true]);
  });

  test("an epoch that the leader does not know is a reset", async () => {
    const { partition } = await validated(4, -1, "earliest");
    assert.equal(partition.whence, "reset");
  });

  test("without auto.offset.reset the application is told", async () => {
    const { partition } = await validated(4, 7, "none");
    assert.ok(partition.error instanceof LogTruncationError);
    assert.deepEqual([partition.error.offset, partition.error.divergentOffset], [10, 7]);
  });

  test("records that a fetch brings while the leader is asked are kept", async () => {
    const { partition } = await validated(4, 10, "earliest", (read) => {
      read.fetched({ endOffset: 12, endEpoch: 4 } as FetchedRecords); // asked for before the leader changed
    });
    assert.deepEqual([partition.fetchOffset, partition.chunks.length, partition.isFetchable], [12, 1, true]);
  });

  test("the epoch that it was read in is not asked about", async () => {
    const { partition, requests } = await validated(3, 7, "none");
    assert.deepEqual([requests, partition.isFetchable], [[], true]);
  });
});
