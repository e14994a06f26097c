/**
 * The broker that the tests of the client speak with: regroup in this process, in memory; or any Kafka by
 * REGROUP_TEST_BOOTSTRAP=host:port.
 */
import { after } from "node:test";
import { startServer } from "../../src/server/start-server.ts";

const outside = process.env.REGROUP_TEST_BOOTSTRAP;
export const isKafka = outside !== undefined;

/** One for each file of tests, called at its top level: it ends with the file. @returns its bootstrap servers. */
export async function startTestBroker(config: Readonly<Record<string, string>> = {}): Promise<string> {
  if (outside !== undefined) return outside;
  const server = await startServer({
    ephemeral: true,
    config: { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "0", ...config },
  });
  after(() => server.close());
  return server.bootstrapServers;
}

let count = 0;
/** A name that no other test uses, nor an earlier run. */
export function unique(name: string): string {
  count += 1;
  return `${name}-${process.pid}-${Date.now().toString(36)}-${count}`;
}
