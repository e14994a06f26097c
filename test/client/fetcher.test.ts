import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import { MessageFormatError } from "../../src/client/consumer/errors.ts";
import type { ConsumerConfigInput } from "../../src/client/consumer-keys.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { CompressionType } from "../../src/protocol/platform.ts";
import { encodeBatch } from "../../src/protocol/records/batch.ts";
import type { RequestOf, ResponseInput } from "../../src/protocol/schema.ts";
import { until } from "../interop/support/until.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

const topic = "orders";
const first = { topic, partition: 0 };

/** Where a request reads each partition that it names. */
function namedIn({ topics }: RequestOf<typeof Fetch>): { partition: number; fetchOffset: number }[] {
  return topics.flatMap(({ partitions }) => partitions);
}

function batchAt(baseOffset: number, values: readonly string[], compression: CompressionType = "none"): Uint8Array {
  const records = values.map((value) => ({ timestamp: 1, key: null, value: Buffer.from(value) }));
  return encodeBatch({ baseOffset, records, compression }, nodePlatform);
}

type PartitionInput = NonNullable<ResponseInput<typeof Fetch>["responses"]>[number]["partitions"][number];

/** An answer with what a partition has. */
function answer(sessionId: number, ...partitions: Partial<PartitionInput>[]): ResponseInput<typeof Fetch> {
  const told = partitions.map((partition) => ({
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 1000,
    abortedTransactions: null,
    records: null,
    ...partition,
  }));
  return { errorCode: 0, sessionId, responses: told.length === 0 ? [] : [{ topic, partitions: told }] };
}

async function brokerWith(partitions: number): Promise<FakeBroker> {
  const broker = await FakeBroker.start();
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, topic, partitions)]));
  return broker;
}

function consumerAt({ bootstrapServers }: FakeBroker, config: ConsumerConfigInput = {}): Consumer<Uint8Array, string> {
  const kafka = new Kafka({ bootstrapServers, retryBackoffMs: 5 });
  return kafka.consumer({ ...config, valueDeserializer: "string" }) as Consumer<Uint8Array, string>;
}

suite("the fetcher", () => {
  test("ends its session at the broker when the consumer closes (KIP-227)", async () => {
    await using broker = await brokerWith(1);
    broker.on(Fetch, ({ request }) => {
      if (request.sessionEpoch === 0) return answer(7, { records: batchAt(0, ["a"]) });
      return request.sessionEpoch === -1 ? answer(0) : undefined;
    });
    const consumer = consumerAt(broker);
    await consumer.assign([first]);
    await consumer.seek(first, 0);
    for await (const { value } of consumer) {
      assert.equal(value, "a");
      break;
    }
    await consumer.close();
    const last = broker.requests.filter(({ api }) => api === Fetch).at(-1)!.request as RequestOf<typeof Fetch>;
    assert.deepEqual([last.sessionId, last.sessionEpoch, namedIn(last)], [7, -1, []]);
  });

  test("tells its rack, reads from the follower that is named, returns when that lags (KIP-392)", async () => {
    await using leader = await brokerWith(1);
    await using follower = await FakeBroker.start(2);
    const brokers = [leader, follower].map(({ nodeId, bootstrapServers }) => {
      return { nodeId, host: "127.0.0.1", port: Number(bootstrapServers.split(":")[1]) };
    });
    leader.on(Metadata, () => ({ ...leader.metadata([topicLedBy(1, topic)]), brokers }));
    let askedLeader = 0;
    leader.on(Fetch, ({ request }) => {
      if (namedIn(request).length === 0) return undefined;
      askedLeader += 1;
      if (askedLeader === 1) return answer(0, { preferredReadReplica: 2 });
      return askedLeader === 2 ? answer(0, { records: batchAt(1, ["from the leader"]) }) : undefined;
    });
    follower.on(Fetch, ({ request }) => {
      const [named] = namedIn(request);
      if (named?.fetchOffset === 0) return answer(0, { records: batchAt(0, ["from the follower"]) });
      return answer(0, { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
    });
    await using consumer = consumerAt(leader, { clientRack: "a" });
    await consumer.assign([first]);
    await consumer.seek(first, 0);
    const values: (string | null)[] = [];
    for await (const { value } of consumer) if (values.push(value) === 2) break;
    assert.deepEqual(values, ["from the follower", "from the leader"]);
    assert.equal((await leader.received(Fetch)).request.rackId, "a");
  });

  test("tells of message formats 0 and 1 what was expected, and reading goes on behind them", async () => {
    await using broker = await brokerWith(1);
    const legacy = Buffer.alloc(34 + 5);
    legacy.writeInt32BE(legacy.length - 12, 8);
    legacy[16] = 1;
    broker.on(Fetch, ({ request }) => {
      const [named] = namedIn(request);
      if (named === undefined) return undefined;
      return answer(0, { records: named.fetchOffset === 0 ? legacy : batchAt(1, ["b"]) });
    });
    await using consumer = consumerAt(broker);
    await consumer.assign([first]);
    await consumer.seek(first, 0);
    await assert.rejects(consumer.records().next(), (error) => {
      assert.ok(error instanceof MessageFormatError);
      assert.match(error.message, /orders-0: records from 0 on are in message format 1, expected 2 \(seek beyond them/);
      return error.offset === 0 && error.code === "UNSUPPORTED_FOR_MESSAGE_FORMAT" && !error.retriable;
    });
    await consumer.seek(first, 1);
    for await (const { value } of consumer) {
      assert.equal(value, "b");
      break;
    }
  });

  test("waits for the application: two fetches ahead of a partition, fetch.max.bytes in all", async () => {
    await using broker = await brokerWith(2);
    const values = ["x".repeat(500), "y".repeat(500)];
    const offsets: number[][] = [[], []];
    broker.on(Fetch, ({ request }) => {
      const named = namedIn(request);
      for (const { partition, fetchOffset } of named) offsets[partition]!.push(fetchOffset);
      if (named.length === 0) return undefined;
      return answer(
        0,
        ...named.map(({ partition, fetchOffset }) => {
          return { partitionIndex: partition, records: batchAt(fetchOffset, values) };
        }),
      );
    });
    await using consumer = consumerAt(broker);
    await consumer.assign([first, { topic, partition: 1 }]);
    await Promise.all([consumer.seek(first, 0), consumer.seek({ topic, partition: 1 }, 0)]);
    const loop = consumer.records();
    await loop.next();
    await until("both are two fetches ahead", () => offsets.every((each) => each.length === 2));
    await using admin = new Kafka({ bootstrapServers: broker.bootstrapServers }).admin();
    await admin.listTopics();
    assert.deepEqual(offsets, [
      [0, 2],
      [0, 2],
    ]);
    for (let taken = 1; taken < 3; taken++) await loop.next();
    await until("what was read makes room for the next", () => offsets.some((each) => each.length === 3));
    await loop.return!();
    await consumer.close();

    const fetches = () => offsets.flat().length;
    const before = fetches();
    await using small = consumerAt(broker, { fetchMaxBytes: 1000 });
    await small.assign([first]);
    await small.seek(first, 0);
    await small.records().next();
    await admin.listTopics();
    assert.equal(fetches() - before, 1, "one answer is more than fetch.max.bytes");
  });

  test("decompresses a batch when its records are asked for, not before", async (t) => {
    const decompress = t.mock.method(nodePlatform, "decompress");
    await using broker = await brokerWith(1);
    broker.on(Fetch, ({ request }) => {
      const [named] = namedIn(request);
      if (named === undefined || named.fetchOffset > 0) return undefined;
      const batches = [batchAt(0, ["a", "b"], "gzip"), batchAt(2, ["c"], "gzip"), batchAt(3, ["d"], "gzip")];
      return answer(0, { records: Buffer.concat(batches) });
    });
    await using consumer = consumerAt(broker);
    await consumer.assign([first]);
    await consumer.seek(first, 0);
    const loop = consumer.records();
    await loop.next();
    await loop.next();
    assert.equal(decompress.mock.callCount(), 1);
    await consumer.seek(first, 100);
    await loop.return!();
    assert.equal(decompress.mock.callCount(), 1, "what nobody looks at stays as it came");
  });
});
