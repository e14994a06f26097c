import assert from "node:assert/strict";
import { test } from "node:test";
import type { Consumer } from "../../src/client/consumer/consumer.ts";
import { until } from "../interop/support/until.ts";
import { startTestBroker, unique } from "./broker.ts";
import { testClient } from "./support/consumers.ts";

const client = testClient(await startTestBroker());
const partitionCount = 8;
const perPartition = 40;

for (const assignor of ["cooperative-sticky", "range"] as const) {
  test(`members come and go (${assignor}): every record is processed once, in its partition's order`, () =>
    churn(assignor));
}

async function churn(assignor: "cooperative-sticky" | "range"): Promise<void> {
  const topic = await client.topic(...Array.from({ length: partitionCount }, () => []));
  const groupId = unique("billing");
  const seen = Array.from({ length: partitionCount }, (): number[] => []);
  const count = () => seen.reduce((sum, { length }) => sum + length, 0);

  async function join(): Promise<() => Promise<void>> {
    const config = { heartbeatIntervalMs: 50, partitionAssignmentStrategy: [assignor] };
    const consumer: Consumer<Uint8Array, string> = client.consumer(groupId, config);
    await consumer.subscribe(topic);
    const running = consumer.run({
      concurrency: 3,
      eachRecord: async ({ partition, value }) => {
        await new Promise(setImmediate);
        seen[partition]!.push(Number(value));
      },
    });
    return async () => {
      await consumer.close();
      await running;
    };
  }

  async function produce(from: number, to: number): Promise<void> {
    const values = Array.from({ length: to - from }, (_, index) => String(from + index));
    for (let partition = 0; partition < partitionCount; partition++) await client.produce(topic, partition, values);
  }

  const leave = [await join(), await join()];
  const rounds = 4;
  const perRound = perPartition / rounds;
  for (let round = 0; round < rounds; round++) {
    const [joined] = await Promise.all([join(), produce(round * perRound, (round + 1) * perRound), leave.shift()!()]);
    leave.push(joined);
  }
  await until("all is processed", () => count() >= partitionCount * perPartition);
  await Promise.all(leave.map((each) => each()));
  const inOrder = Array.from({ length: perPartition }, (_, index) => index);
  for (const values of seen) assert.deepEqual(values, inOrder);
}
