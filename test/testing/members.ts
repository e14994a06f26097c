/** Members of groups for the tests of the testing library, in our own client. */
import { Kafka } from "../../src/client/index.ts";
import type { TestBroker } from "../../src/testing/index.ts";

export interface TestMember extends AsyncDisposable {
  readonly values: string[];
  readonly running: Promise<void>;
}

type Handler = (value: string) => unknown;

/** Reads "orders" as a member of "billing". */
export async function startMember(
  { bootstrapServers }: TestBroker,
  { clientId = "a", handler = () => {}, config = {} }: { clientId?: string; handler?: Handler; config?: object } = {},
): Promise<TestMember> {
  const values: string[] = [];
  const consumer = new Kafka({ bootstrapServers, clientId }).consumer({
    ...{ groupId: "billing", autoOffsetReset: "earliest", valueDeserializer: "string" },
    ...config,
  });
  await consumer.subscribe("orders");
  const running = consumer.run({
    eachRecord: async ({ value }) => {
      await handler(String(value));
      values.push(String(value));
    },
  });
  running.catch(() => undefined); // who wants to know awaits it
  return { values, running, [Symbol.asyncDispose]: () => consumer.close() };
}

export const three = ["one", "two", "three"];
