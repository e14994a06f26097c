import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { batchOf, type Client, createTopic, startBroker, valuesOf } from "./harness.ts";

const partitionCount = 3;

type Action =
  | { readonly kind: "produce"; readonly partition: number }
  | { readonly kind: "seek"; readonly partition: number; readonly offset: number }
  | { readonly kind: "forget"; readonly partition: number }
  | { readonly kind: "fetch"; readonly maxBytes: number };

const partition = fc.integer({ min: 0, max: partitionCount - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("produce" as const), partition }),
  fc.record({ kind: fc.constant("seek" as const), partition, offset: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant("forget" as const), partition }),
  fc.record({ kind: fc.constant("fetch" as const), maxBytes: fc.constantFrom(1, 200, 1_000_000) }),
);

/** What a consumer knows of a partition. */
interface Known {
  errorCode: number;
  highWatermark: number;
}

/** A consumer that names only what changed since its last fetch, and reads on behind what it got. */
class SessionReader {
  readonly positions = new Map<number, number>();
  readonly known = new Map<number, Known>();
  readonly #client: Client;
  readonly #changed = new Set<number>();
  readonly #forgotten = new Set<number>();
  #session = { sessionId: 0, sessionEpoch: 0 };

  constructor(client: Client) {
    this.#client = client;
  }

  seek(partition: number, offset: number): void {
    this.positions.set(partition, offset);
    this.#changed.add(partition);
    this.#forgotten.delete(partition);
  }

  forget(partition: number): void {
    if (!this.positions.delete(partition)) return;
    this.#changed.delete(partition);
    this.#forgotten.add(partition);
  }

  async fetch(maxBytes: number): Promise<void> {
    const partitions = [...this.#changed].map((index) => {
      return { partition: index, fetchOffset: this.positions.get(index)!, partitionMaxBytes: maxBytes };
    });
    const topics = partitions.length === 0 ? [] : [{ topic: "orders", partitions }];
    const forgottenTopicsData = [{ topic: "orders", partitions: [...this.#forgotten] }];
    const request = { maxWaitMs: 0, minBytes: 1, maxBytes, topics, forgottenTopicsData, ...this.#session };
    const { errorCode, sessionId, responses } = await this.#client.ask(Fetch, 12, request);
    assert.equal(errorCode, 0);
    for (const index of this.#forgotten) this.known.delete(index);
    this.#changed.clear();
    this.#forgotten.clear();
    if (sessionId === 0) for (const index of this.positions.keys()) this.#changed.add(index);
    this.#session = { sessionId, sessionEpoch: sessionId === 0 ? 0 : this.#session.sessionEpoch + 1 };
    for (const { partitionIndex, errorCode, highWatermark, records } of responses.flatMap(
      (topic) => topic.partitions,
    )) {
      this.known.set(partitionIndex, { errorCode, highWatermark });
      const count = valuesOf(records).length;
      if (count > 0) this.seek(partitionIndex, this.positions.get(partitionIndex)! + count);
    }
  }
}

test("what an incremental fetch leaves out is as it was told last (KIP-227)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
      const under = await startBroker();
      await createTopic(under, "orders", partitionCount);
      const producer = under.connect();
      const reader = new SessionReader(under.connect());
      const ends = new Array<number>(partitionCount).fill(0);
      for (const step of actions) {
        if (step.kind === "produce") {
          const topicData = [{ name: "orders", partitionData: [{ index: step.partition, records: batchOf(["a"]) }] }];
          await producer.ask(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData });
          ends[step.partition]! += 1;
        } else if (step.kind === "seek") reader.seek(step.partition, step.offset);
        else if (step.kind === "forget") reader.forget(step.partition);
        else {
          const before = new Map(reader.positions);
          await reader.fetch(step.maxBytes);
          for (const [index, position] of before) {
            const inRange = position <= ends[index]!;
            const expected = inRange
              ? { errorCode: 0, highWatermark: ends[index] }
              : { errorCode: 1, highWatermark: -1 };
            assert.deepEqual(reader.known.get(index), expected);
          }
        }
      }
    }),
    { numRuns: 150, seed: 227 },
  );
});
