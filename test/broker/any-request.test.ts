/**
 * Whatever can be read as a request is answered: Kafka's own golden requests (default, full, nulls, random values, in
 * every version), and the same with bytes changed at random, end in an answer or in a closed connection with a reason,
 * never in a handler that throws.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createBroker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import { servedApis } from "../../src/broker/handlers/index.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { encodeMessage } from "../../src/protocol/codec.ts";
import { RequestHeader, requestHeaderVersion } from "../../src/protocol/frame.ts";
import type { Api } from "../../src/protocol/schema.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import type { GoldenLine } from "../protocol/golden.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";
import { fromHex, vectorLines } from "../vectors.ts";

const changedCopies = 8;
const rng = seededRng(848);
const clock = new VirtualClock();
const defects: { message: string; error: unknown }[] = [];
const broker = createBroker({
  clock,
  rng,
  platform: nodePlatform,
  log: openMemoryLog({ platform: nodePlatform }),
  config: new BrokerConfig(),
  logger: {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => defects.push({ message, error: (fields as { err?: unknown }).err }),
  },
});
await broker.start(new Map([["PLAINTEXT", { host: "broker.test", port: 9092 }]]));
await broker.services.ensureInternalTopic("__consumer_offsets");
// Topics that golden requests name, so that many of them find what they ask for.
const topics = ["t.0_x", ...[..."abcdefghijklmnopqrstuvwxyz"].map((letter) => `topic-${letter}`)].map((name) => {
  return { name, numPartitions: 60, replicationFactor: 1, assignments: [], configs: [] };
});
await broker.services.metadataShard.submit("CreateTopics", { topics, validateOnly: false });
await broker.services.metadataShard.settled();
after(() => broker.stop());

const golden = vectorLines<GoldenLine>("protocol/golden.jsonl").filter(({ kind }) => kind === "request");
const linesOf = Map.groupBy(golden, ({ api }) => api);

for (const { api } of servedApis.values()) {
  test(`${api.name}: any request is answered, or refused with a reason`, async () => {
    const lines = (linesOf.get(api.name) ?? []).filter(({ version }) => version <= api.advertised[1]);
    assert.ok(lines.length > 0, "there are golden requests");
    for (const line of lines) {
      const body = fromHex(line.hex);
      const bodies = [body, ...Array.from({ length: changedCopies }, () => changed(body))];
      for (const each of bodies) await take(api, line.version, each);
    }
    assert.deepEqual(defects, []);
  });
}

/** One request on a connection of its own; a client that is parked goes away. */
async function take(api: Api, version: number, body: Uint8Array): Promise<void> {
  const header = { requestApiKey: api.key, requestApiVersion: version, correlationId: 1, clientId: "any" };
  const head = encodeMessage(RequestHeader, requestHeaderVersion(api, version), header);
  const connection = broker.connect({
    clientHost: "127.0.0.1",
    listener: "PLAINTEXT",
    isBehind: false,
    send() {},
    close() {},
    pauseReading() {},
  });
  connection.receive(new Uint8Array([...head, ...body]));
  await settle();
  connection.closed();
}

/** Up to four bytes are others. */
function changed(body: Uint8Array): Uint8Array {
  const copy = body.slice();
  const [count = 0, ...bytes] = rng.bytes(13);
  for (let at = 0; at <= count % 4 && body.length > 0; at++) {
    const [high = 0, low = 0, value = 0] = bytes.slice(3 * at);
    copy[((high << 8) | low) % body.length] = value;
  }
  return copy;
}
