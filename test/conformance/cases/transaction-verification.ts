import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { Producer } from "../producer.ts";
import { untilReady } from "../ready.ts";
import { accepted, createTopic, fresh, open, refused, targetName, until } from "../suite.ts";
import { startTarget } from "../targets.ts";
import type { Value } from "../wire/codec.ts";

/* transaction.partition.verification.enable is the whole broker's: it has one of its own here. */

const name = "transaction.partition.verification.enable";
const [BROKER, SET, DELETE] = [4, 0, 1];
const target = await startTarget(targetName, { settings: {}, durable: false });
after(() => target.end());
const { address } = target;
await untilReady(address);
const broker = await open(address);
const { nodeId } = (await broker.ask("Metadata", { topics: [] })).brokers[0];
const topic = await createTopic(broker, 4);

async function described(): Promise<Value> {
  const resources = [{ resourceType: BROKER, resourceName: `${nodeId}`, configurationKeys: [name] }];
  const { results } = await broker.ask("DescribeConfigs", { resources });
  return accepted(results[0]).configs[0];
}

async function alter(configOperation: number, value: string | null, resourceName = ""): Promise<Value> {
  const resources = [{ resourceType: BROKER, resourceName, configs: [{ name, configOperation, value }] }];
  return (await broker.ask("IncrementalAlterConfigs", { resources })).responses[0];
}

const becomes = (value: string) => until(`${name} is ${value}`, async () => (await described()).value === value);

/** A producer of a client that came before KIP-890: it has to add partitions and groups by itself, and forgets to. */
const forgetful = () => Producer.of({ address });

suite("Verification of transactions (KIP-890)", () => {
  test("it is on, and may be turned off while the broker runs, by a boolean", async () => {
    const { value, readOnly, configSource, isSensitive, configType } = await described();
    assert.deepEqual([value, readOnly, configSource, isSensitive, configType], ["true", false, 5, false, 1]);
    for (const resourceName of ["", `${nodeId}`]) refused(await alter(SET, "maybe", resourceName), "INVALID_REQUEST");
  });

  test("on: what the coordinator does not know is refused, in each version's own word", async () => {
    for (const [version, error] of [
      [9, "INVALID_TXN_STATE"],
      [10, "INVALID_TXN_STATE"],
      [11, "TRANSACTION_ABORTABLE"],
    ] as const) {
      refused(await (await forgetful()).produce(topic, "unknown", { version }), error);
    }
    for (const [version, error] of [
      [3, "INVALID_TXN_STATE"],
      [4, "TRANSACTION_ABORTABLE"],
    ] as const) {
      refused(await (await forgetful()).commitOffset(fresh("g"), topic.name, 5, {}, version), error);
    }
  });

  test("off: it is taken, the coordinator knows nothing of it, and it hangs", async () => {
    accepted(await alter(SET, "false"));
    await becomes("false");
    for (const version of [9, 10, 11]) {
      const producer = await forgetful();
      const partition = version - 8;
      accepted(await producer.produce(topic, "unknown", { version, partition }));
      const { transactionState, topics } = await producer.describe();
      assert.deepEqual([transactionState, topics], ["Empty", []]);
      const asked = { topics: [{ name: topic.name, partitionIndexes: [partition] }] };
      const answer = await broker.ask("DescribeProducers", asked);
      const [open] = accepted(answer.topics[0].partitions[0]).activeProducers;
      assert.deepEqual([open.producerId, Number(open.currentTxnStartOffset)], [producer.producerId, 0]);
    }
    for (const version of [3, 4]) {
      accepted(await (await forgetful()).commitOffset(fresh("g"), topic.name, 5, {}, version));
    }
  });

  test("off: who lets the broker add its partitions has them added all the same, and is fenced", async () => {
    const producer = await Producer.of({ address });
    accepted(await producer.produce(topic, "added", { version: 12 }));
    const { transactionState, topics } = await producer.describe();
    assert.deepEqual([transactionState, topics], ["Ongoing", [{ topic: topic.name, partitions: [0] }]]);
    const wrong = { producerEpoch: producer.producerEpoch + 1, baseSequence: 0, version: 12, partition: 1 };
    refused(await producer.produce(topic, "wrong", wrong), "INVALID_PRODUCER_EPOCH");
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
  });

  test("on again: the next transaction is asked for, one that is open goes on", async () => {
    const producer = await Producer.of({ address });
    accepted(await producer.produce(topic, "unknown", { version: 11 }));
    accepted(await alter(DELETE, null));
    await becomes("true");
    accepted(await producer.produce(topic, "goes on", { version: 11 }));
    refused(await producer.produce(topic, "unknown", { version: 11, partition: 1 }), "TRANSACTION_ABORTABLE");
  });
});
