import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { encodeBatch } from "../../src/protocol/records/batch.ts";
import { ask } from "./asking.ts";
import { anyPort, RawClient, RunningBroker, withBroker, withFolder } from "./running.ts";

const latest = -1;
/** Files may have so many blocks of 512 bytes: the write that goes beyond fails as on a full disk. */
const mostBlocks = 2 * 1024 * 24;

test("a disk that refuses ends the broker with 1: what it acknowledged is there, nothing is tried again", async () => {
  await withFolder(async (folder) => {
    const broker = new RunningBroker([...anyPort, "-o", `log.dirs=${folder}`], {}, `-f ${mostBlocks}`);
    const client = new RawClient(await broker.port());
    const topic = { name: "orders", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    await ask(client, CreateTopics, 4, { topics: [topic], timeoutMs: 1000 });
    const record = { timestamp: 0, key: null, value: new Uint8Array(1_000_000) };
    const records = encodeBatch({ records: [record] }, nodePlatform);
    const request = {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: "orders", partitionData: [{ index: 0, records }] }],
    };
    let acknowledged = 0;
    const producing = (async () => {
      for (;;) {
        const { responses } = await ask(client, Produce, 9, request);
        const { errorCode } = responses[0]!.partitionResponses[0]!;
        assert.equal(errorCode, ErrorCode.NONE, "what is under way gets no answer");
        acknowledged++;
      }
    })();
    const { code, stderr } = await Promise.race([broker.ended, producing.then(() => broker.ended)]);
    assert.equal(code, 1);
    const errors = stderr.split("\n").filter((line) => line.includes('"level":50'));
    assert.equal(errors.length, 1, stderr);
    assert.match(errors[0]!, /the disk failed: EFBIG/);
    assert.ok(acknowledged > 0);

    await withBroker([...anyPort, "-o", `log.dirs=${folder}`], async (next) => {
      const partitions = [{ partitionIndex: 0, timestamp: latest }];
      const topics = [{ name: "orders", partitions }];
      const listed = await ask(new RawClient(await next.port()), ListOffsets, 4, { replicaId: -1, topics });
      assert.ok(listed.topics[0]!.partitions[0]!.offset >= acknowledged);
    });
  });
});
