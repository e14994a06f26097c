import assert from "node:assert/strict";
import { test } from "node:test";
import { Kafka } from "../../src/client/kafka.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { BatchView, readRecords } from "../../src/protocol/records/batch.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

/** A partition as a broker keeps it, sequences included (KIP-98). */
class Log {
  readonly values: string[] = [];
  readonly #lastBatches: { sequence: number; count: number; baseOffset: number }[] = [];
  epoch = 0;
  #nextSequence = 0;

  append(batch: BatchView): { errorCode: number; baseOffset: number } {
    const { producerEpoch, baseSequence: sequence, count } = batch;
    if (producerEpoch > this.epoch) {
      this.epoch = producerEpoch;
      this.#nextSequence = 0;
      this.#lastBatches.length = 0;
    }
    const known = this.#lastBatches.find((each) => each.sequence === sequence && each.count === count);
    if (known !== undefined) return { errorCode: ErrorCode.NONE, baseOffset: known.baseOffset };
    if (sequence !== this.#nextSequence) return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 };
    const baseOffset = this.values.length;
    for (const { value } of readRecords(batch, nodePlatform)) this.values.push(String(Buffer.from(value!)));
    this.#nextSequence += count;
    this.#lastBatches.push({ sequence, count, baseOffset });
    if (this.#lastBatches.length > 5) this.#lastBatches.shift();
    return { errorCode: ErrorCode.NONE, baseOffset };
  }
}

/** Numbers from 0 to 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const largestCount = 4;

/** Every second request meets a misfortune. */
async function unluckyBroker(seed: number) {
  const broker = await FakeBroker.start();
  const random = chance(seed);
  const log = new Log();
  const met = new Map<string, number>();
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, "orders")]));
  broker.on(InitProducerId, () => ({ errorCode: 0, producerId: 7, producerEpoch: 0 }));
  broker.on(Produce, ({ request, socket }) => {
    const batch = new BatchView(request.topicData[0]!.partitionData[0]!.records!, 0);
    const answer = ({ errorCode, baseOffset }: { errorCode: number; baseOffset: number }) => {
      const result = { index: 0, errorCode, baseOffset, errorMessage: null, recordErrors: [] };
      return { responses: [{ name: "orders", partitionResponses: [result] }] };
    };
    const refusal = (name: "NOT_ENOUGH_REPLICAS" | "REQUEST_TIMED_OUT" | "MESSAGE_TOO_LARGE") => {
      met.set(name, (met.get(name) ?? 0) + 1);
      return answer({ errorCode: ErrorCode[name], baseOffset: -1 });
    };
    if (batch.count > largestCount) return refusal("MESSAGE_TOO_LARGE");
    const luck = random();
    if (luck < 0.15) return refusal("NOT_ENOUGH_REPLICAS");
    if (luck < 0.5) {
      // Stored or not, the producer does not hear of it.
      if (luck < 0.4) log.append(batch);
      if (luck < 0.3) return refusal("REQUEST_TIMED_OUT");
      met.set("broken connection", (met.get("broken connection") ?? 0) + 1);
      socket.destroy();
      return undefined;
    }
    return answer(log.append(batch));
  });
  return { broker, log, met };
}

for (const seed of [1, 2, 3]) {
  test(`records keep their order and are stored once, whatever fails on the way (seed ${seed})`, async () => {
    const { broker, log, met } = await unluckyBroker(seed);
    await using _broker = broker;
    const backoff = { retryBackoffMs: 1, retryBackoffMaxMs: 4, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 4 };
    const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers, ...backoff });
    await using producer = kafka.producer({ lingerMs: 1, batchSize: 200 });
    const values = Array.from({ length: 300 }, (_, i) => String(i));
    const sent: Promise<{ readonly offset: number }>[] = [];
    for (const value of values) {
      sent.push(producer.send({ topic: "orders", value, partition: 0 }));
      if (sent.length % 10 === 0) await new Promise(setImmediate);
    }
    const offsets = (await Promise.all(sent)).map(({ offset }) => offset);
    assert.deepEqual(log.values, values);
    assert.deepEqual(
      offsets,
      values.map((_, i) => i),
    );
    assert.equal(log.epoch, 0, "nothing was stored under a second epoch, where a repetition would not be known");
    assert.equal(met.size, 4, `not all misfortunes were met: ${[...met.keys()]}`);
  });
}
