import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readConfig } from "../../src/client/config.ts";
import { openCluster } from "../../src/client/open-cluster.ts";
import { Producer } from "../../src/client/producer/producer.ts";
import type { ProducerConfigInput } from "../../src/client/producer-keys.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { BatchView, readRecords } from "../../src/protocol/records/batch.ts";
import type { RequestOf } from "../../src/protocol/schema.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

interface Sent {
  readonly epoch: number;
  readonly sequence: number;
  readonly values: string;
}

/** What lies in the one batch of a request. */
function sentIn(request: RequestOf<typeof Produce>): Sent {
  const batch = new BatchView(request.topicData[0]!.partitionData[0]!.records!, 0);
  const values = [...readRecords(batch, nodePlatform)].map(({ value }) => String(Buffer.from(value!))).join();
  return { epoch: batch.producerEpoch, sequence: batch.baseSequence, values };
}

function answered(errorCode: number, baseOffset = -1) {
  const partitionResponses = [{ index: 0, errorCode, baseOffset, errorMessage: null, recordErrors: [] }];
  return { responses: [{ name: "orders", partitionResponses }] };
}

/** A broker that answers the n-th Produce as `plan[n]` says, the ones after as the last says. */
async function brokerThat(...plan: ((sent: Sent, close: () => void) => number | undefined)[]) {
  const broker = await FakeBroker.start();
  const sent: Sent[] = [];
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, "orders")]));
  broker.on(InitProducerId, () => ({ errorCode: 0, producerId: 7, producerEpoch: 0 }));
  let offset = 0;
  broker.on(Produce, ({ request, socket }) => {
    const one = sentIn(request);
    const decide = plan[Math.min(sent.length, plan.length - 1)]!;
    sent.push(one);
    const errorCode = decide(one, () => socket.destroy());
    if (errorCode === undefined) return undefined;
    return answered(errorCode, errorCode === ErrorCode.NONE ? offset++ : -1);
  });
  return { broker, sent };
}

const ok = () => ErrorCode.NONE;
const quick: ProducerConfigInput = { lingerMs: 0, retryBackoffMs: 5, retryBackoffMaxMs: 10, reconnectBackoffMs: 5 };

/** A case that fails closes it at once, instead of flushing to a broker that is silent. */
class QuickProducer extends Producer {
  override [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeoutMs: 0 });
  }
}

function clusterAt({ bootstrapServers }: FakeBroker, input: ProducerConfigInput) {
  const config = readConfig("producer", { ...quick, ...input, bootstrapServers });
  return { cluster: openCluster(config), config };
}

function producerAt(broker: FakeBroker, input: ProducerConfigInput = {}): Producer {
  const { cluster, config } = clusterAt(broker, input);
  return new QuickProducer(cluster, config);
}

/** It need not ask for the topic first: what it then waits for is not the metadata. */
async function producerThatKnows(topic: string, broker: FakeBroker, input: ProducerConfigInput): Promise<Producer> {
  const { cluster, config } = clusterAt(broker, input);
  await cluster.metadata([topic]);
  return new QuickProducer(cluster, config);
}

suite("a producer whose broker fails", () => {
  test("a batch whose connection broke is sent again with the same sequence, and stored once", async () => {
    const lost = (_: Sent, close: () => void) => void close();
    const { broker, sent } = await brokerThat(lost, () => ErrorCode.DUPLICATE_SEQUENCE_NUMBER);
    await using _broker = broker;
    await using producer = producerAt(broker);
    const { offset } = await producer.send({ topic: "orders", value: "a" });
    assert.equal(offset, -1, "the broker no longer knows where");
    assert.deepEqual(sent, [
      { epoch: 0, sequence: 0, values: "a" },
      { epoch: 0, sequence: 0, values: "a" },
    ]);
  });

  test("a batch that is sent again takes along those in flight behind it, in order", async () => {
    const held = () => undefined;
    const { broker, sent } = await brokerThat(held, held, ok);
    await using _broker = broker;
    await using producer = producerAt(broker);
    const a = producer.send({ topic: "orders", value: "a", partition: 0 });
    const first = await broker.received(Produce);
    const b = producer.send({ topic: "orders", value: "b", partition: 0 });
    const second = await broker.received(Produce, 2);
    first.answer(answered(ErrorCode.NOT_ENOUGH_REPLICAS));
    second.answer(answered(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
    assert.deepEqual([(await a).offset, (await b).offset], [0, 1]);
    const stored = sent.slice(-2);
    assert.deepEqual(
      stored.map(({ sequence, values }) => [sequence, values]),
      [
        [0, "a"],
        [1, "b"],
      ],
    );
  });

  test("an unknown producer id begins a new epoch, with its sequence at 0", async () => {
    const { broker, sent } = await brokerThat(ok, () => ErrorCode.UNKNOWN_PRODUCER_ID, ok);
    await using _broker = broker;
    await using producer = producerAt(broker);
    await producer.send({ topic: "orders", value: "a" });
    await producer.send({ topic: "orders", value: "b" });
    assert.deepEqual(sent, [
      { epoch: 0, sequence: 0, values: "a" },
      { epoch: 0, sequence: 1, values: "b" },
      { epoch: 1, sequence: 0, values: "b" },
    ]);
  });

  test("a record that is never taken fails after delivery.timeout.ms, and says why", async () => {
    const { broker } = await brokerThat(() => ErrorCode.NOT_ENOUGH_REPLICAS);
    await using _broker = broker;
    await using producer = producerAt(broker, { requestTimeoutMs: 100, deliveryTimeoutMs: 200 });
    await assert.rejects(producer.send({ topic: "orders", value: "a" }), (error: Error & { code: string }) => {
      assert.equal(error.code, "TIMED_OUT");
      assert.match(String(error.cause), /NOT_ENOUGH_REPLICAS/);
      return true;
    });
  });

  test("retries are counted when they are limited", async () => {
    const { broker, sent } = await brokerThat(() => ErrorCode.NOT_ENOUGH_REPLICAS);
    await using _broker = broker;
    await using producer = producerAt(broker, { retries: 2 });
    await assert.rejects(producer.send({ topic: "orders", value: "a" }), { code: "NOT_ENOUGH_REPLICAS" });
    assert.equal(sent.length, 3);
  });

  test("an error that no repetition mends fails at once", async () => {
    const { broker, sent } = await brokerThat(() => ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    await using _broker = broker;
    await using producer = producerAt(broker);
    await assert.rejects(producer.send({ topic: "orders", value: "a" }), { code: "TOPIC_AUTHORIZATION_FAILED" });
    assert.equal(sent.length, 1);
  });

  test("close gives up after its timeout what a silent broker never answers", async () => {
    const { broker } = await brokerThat(() => undefined);
    await using _broker = broker;
    await using producer = producerAt(broker);
    const lost = assert.rejects(producer.send({ topic: "orders", value: "a" }), { code: "CLIENT_CLOSED" });
    await broker.received(Produce);
    await producer.close({ timeoutMs: 50 });
    await lost;
  });

  test("a record that finds no room in buffer.memory within max.block.ms fails, and is not sent", async () => {
    const { broker, sent } = await brokerThat(() => undefined);
    await using _broker = broker;
    await using producer = await producerThatKnows("orders", broker, { bufferMemory: 100, maxBlockMs: 30 });
    const first = assert.rejects(producer.send({ topic: "orders", value: "a" }), { code: "CLIENT_CLOSED" });
    const second = producer.send({ topic: "orders", value: "b".repeat(200) });
    await assert.rejects(second, { code: "BUFFER_EXHAUSTED", retriable: true });
    await broker.received(Produce);
    await producer.close({ timeoutMs: 1 });
    await first;
    assert.deepEqual(
      sent.map(({ values }) => values),
      ["a"],
    );
  });

  test("a topic that is not there within max.block.ms fails the record", async () => {
    const { broker } = await brokerThat(ok);
    await using _broker = broker;
    const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name: "orders", partitions: [] };
    broker.on(Metadata, () => broker.metadata([unknown]));
    await using producer = producerAt(broker, { maxBlockMs: 30 });
    await assert.rejects(producer.send({ topic: "orders", value: "a" }), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
  });

  test("a record whose call is aborted while it waits for its topic is not sent", async () => {
    const { broker, sent } = await brokerThat(ok);
    await using _broker = broker;
    broker.on(Metadata, ({ request }) => (request.topics?.length ? undefined : broker.metadata([])));
    await using producer = producerAt(broker);
    const abort = new AbortController();
    const aborted = producer.send({ topic: "orders", value: "a" }, { signal: abort.signal });
    const waits = producer.send({ topic: "orders", value: "b" });
    const asked = await broker.received(Metadata, 1);
    abort.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    asked.answer(broker.metadata([topicLedBy(1, "orders")]));
    await waits;
    assert.deepEqual(
      sent.map(({ values }) => values),
      ["b"],
    );
  });
});
