/** What loads do with topics of the user's, and with their own, on a broker that is there already. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { runLoad } from "../../src/bench/load/loads.ts";
import { Kafka } from "../../src/client/index.ts";
import { anyPort, withBroker } from "../server/running.ts";

const program = join(import.meta.dirname, "../../src/bench/load.ts");
const short = { seconds: 0.2, warmUpSeconds: 0 };

test("a topic with fewer partitions than the load wants is refused, one with more is taken", () =>
  withBroker(["--ephemeral", ...anyPort], async (broker) => {
    const server = `127.0.0.1:${await broker.port()}`;
    const admin = new Kafka({ bootstrapServers: server }).admin();
    await admin.createTopics([{ topic: "three", numPartitions: 3 }]);
    await admin.close();
    const wanted = { server, topic: "three", partitions: 4, ...short };
    const message = "topic three has 3 partitions, the load wants 4: say --partitions 3, or name another topic";
    for (const name of ["produce", "consume", "commits", "transactions"] as const) {
      await assert.rejects(runLoad(name, wanted), { message }, name);
    }
    assert.ok((await runLoad("produce", { ...wanted, partitions: 2 })).perSecond > 0);
  }));

test("latency refuses a topic that is there, and puts nothing into it", () =>
  withBroker(["--ephemeral", ...anyPort], async (broker) => {
    const server = `127.0.0.1:${await broker.port()}`;
    const admin = new Kafka({ bootstrapServers: server }).admin();
    await admin.createTopics([{ topic: "orders", numPartitions: 1 }]);
    const refused = await runLoad("latency", { server, topic: "orders", ...short }).catch((error: Error) => error);
    const [end] = await admin.listOffsets([{ topic: "orders", partition: 0, at: "latest" }]);
    await admin.close();
    assert.match(String(refused), /^Error: topic orders is there already/);
    assert.equal(end!.offset, 0);
  }));

test("a load deletes the topic that it made, and none that the user named", () =>
  withBroker(["--ephemeral", ...anyPort], async (broker) => {
    const server = `127.0.0.1:${await broker.port()}`;
    const bench = (...args: readonly string[]) =>
      new Promise<void>((resolve, reject) => {
        const all = [program, ...args, "--bootstrap-server", server, "--seconds", "0.2", "--warm-up-seconds", "0"];
        execFile(process.execPath, all, (error) => (error === null ? resolve() : reject(error)));
      });
    await bench("latency");
    await bench("produce", "--topic", "mine");
    const admin = new Kafka({ bootstrapServers: server }).admin();
    const found = await admin.listTopics();
    await admin.close();
    assert.deepEqual(
      found.map(({ topic }) => topic),
      ["mine"],
    );
  }));
