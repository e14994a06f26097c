import assert from "node:assert/strict";
import { test } from "node:test";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { encodeBatch } from "../../src/protocol/records/batch.ts";
import { ask } from "./asking.ts";
import { failing } from "./failing-journal.ts";
import { anyPort, RawClient, RunningBroker, withBroker, withFolder } from "./running.ts";

const latest = -1;
const mostRounds = 100;
/** Files may have so many blocks of 512 bytes: the write that goes beyond fails as on a full disk. */
const mostBlocks = 2 * 1024 * 24;
const leftToSystem = ["-o", "log.flush.interval.messages=1000"];

async function create(client: RawClient, name: string): Promise<void> {
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = await ask(client, CreateTopics, 4, { topics: [topic], timeoutMs: 1000 });
  assert.equal(topics[0]!.errorCode, ErrorCode.NONE);
}

const record = { timestamp: 0, key: null, value: new Uint8Array(1_000_000) };
const records = encodeBatch({ records: [record] }, nodePlatform);

async function produce(client: RawClient): Promise<void> {
  const topicData = [{ name: "orders", partitionData: [{ index: 0, records }] }];
  const { responses } = await ask(client, Produce, 9, { acks: -1, timeoutMs: 1000, topicData });
  assert.equal(responses[0]!.partitionResponses[0]!.errorCode, ErrorCode.NONE, "what is under way gets no answer");
}

async function endOf(client: RawClient, name: string): Promise<number> {
  const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp: latest }] }];
  const { errorCode, offset } = (await ask(client, ListOffsets, 4, { replicaId: -1, topics })).topics[0]!
    .partitions[0]!;
  assert.equal(errorCode, ErrorCode.NONE, name);
  return offset;
}

for (const [name, code, args, environment, limit] of [
  ["a file grew to its limit", "EFBIG", [], {}, `-f ${mostBlocks}`],
  ["EIO on a write", "EIO", [], failing("write", 20), ""],
  ["EIO on a write, left to the system", "EIO", leftToSystem, failing("write", 20), ""],
  ["EIO on fdatasync, left to the system", "EIO", leftToSystem, failing("fdatasync", 7), ""],
] as const) {
  test(`${name}: the broker ends with 1, what it acknowledged is there, nothing is tried again`, async () => {
    await withFolder(async (folder) => {
      const started = [...anyPort, ...args, "-o", `log.dirs=${folder}`];
      const broker = new RunningBroker(started, environment, limit);
      const made: string[] = [];
      let acknowledged = 0;
      const asking = async () => {
        const client = new RawClient(await broker.port());
        await create(client, "orders");
        for (let round = 0; round < mostRounds; round++) {
          await produce(client);
          acknowledged++;
          await create(client, `topic-${round}`);
          made.push(`topic-${round}`);
        }
        throw new Error(`${mostRounds} rounds, and the disk refused nothing`);
      };
      const ended = await Promise.race([broker.ended, asking()]).finally(() => broker.stop("SIGKILL"));
      assert.equal(ended.code, 1);
      const errors = ended.stderr.split("\n").filter((line) => line.includes('"level":50'));
      assert.equal(errors.length, 1, ended.stderr);
      assert.match(errors[0]!, new RegExp(`the disk failed: ${code}`));
      assert.ok(acknowledged > 0);

      await withBroker(started, async (next) => {
        const client = new RawClient(await next.port());
        assert.ok((await endOf(client, "orders")) >= acknowledged);
        for (const topic of made) await endOf(client, topic);
      });
    });
  });
}
