/**
 * The broker that the tests of the client speak with: regroup in this process, in memory; or any Kafka by
 * REGROUP_TEST_BOOTSTRAP=host:port.
 */
import { after } from "node:test";
import { startBroker } from "../../src/testing/index.ts";

const outside = process.env.REGROUP_TEST_BOOTSTRAP;
export const isKafka = outside !== undefined;

/** Tests write records of 1970, which the first round of retention would take away, 15 s after the start. */
const neverCleaned = { "log.cleaner.backoff.ms": "3600000", "log.retention.check.interval.ms": "3600000" };

/** One for each file of tests, called at its top level: it ends with the file. @returns its bootstrap servers. */
export async function startTestBroker(config: Readonly<Record<string, string>> = {}): Promise<string> {
  if (outside !== undefined) return outside;
  const kafka = await startBroker({ config: { ...neverCleaned, ...config } });
  after(() => kafka.close());
  return kafka.bootstrapServers;
}

let count = 0;
/** A name that no other test uses, nor an earlier run. */
export function unique(name: string): string {
  count += 1;
  return `${name}-${process.pid}-${Date.now().toString(36)}-${count}`;
}
