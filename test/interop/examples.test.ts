/** The walks of `examples/` by their programs in Python, against regroup and against Kafka. */

import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { walk } from "../examples/support/walk.ts";
import { type Broker, startBroker } from "./support/broker.ts";

let broker: Broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker?.end());

const env = { PATH: `${join(import.meta.dirname, "../../.regroup-test/python/bin")}:${process.env.PATH}` };

suite("a walk of the examples in Python goes as its README says", { concurrency: 3 }, () => {
  test("flow 1: a producer, a consumer, and a look at the group", async () => {
    await walk("1-a-first-group", { bootstrapServer: broker.bootstrap, rewrite: inPython, env });
  });

  test("flow 2: one of three consumers stops, another is killed", async () => {
    await walk("2-rebalance", { bootstrapServer: broker.bootstrap, rewrite: inPython, blur: anyPartition, env });
  });

  test("flow 3: a static member comes back in time, and too late", async () => {
    const rewrite = (line: string) => inPython(line).replace(/ in generation \d+$/, ""); // librdkafka does not tell it
    const options = { bootstrapServer: broker.bootstrap, rewrite, blur: anyPartition };
    await walk("3-static-members", { ...options, env: { ...env, SESSION_TIMEOUT_MS: "15000" } });
  });
});

function inPython(line: string): string {
  return line.replace(/^\.\/run (\S+)\.ts\b/, "python3 $1.py");
}

/** librdkafka's sticky assignor gives a new member other partitions than Java's, and as many. */
function anyPartition(line: string): string {
  return line
    .replaceAll(/\b(parcels|orders)-\d\b/g, "$1")
    .replace(/\bparcels \d\b/, "parcels")
    .replace(/^Topic: .*/, "a message")
    .replace(/(\bparcels|\borders):[\d,]+/g, (text) => text.replaceAll(/\d/g, "n"));
}
