import assert from "node:assert/strict";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { test } from "node:test";
import { pino } from "pino";
import { channels } from "../../src/client/diagnostics.ts";
import { Kafka } from "../../src/client/kafka.ts";
import type { LoggerInput } from "../../src/client/logger.ts";
import { FakeBroker } from "./fake-broker.ts";

/** A stream, and all that was written to it. */
function written() {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream, text: () => text };
}

/** A client connects, and its broker breaks the connection. */
async function lifeWith(logger: LoggerInput | undefined): Promise<void> {
  await using broker = await FakeBroker.start();
  const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers, clientId: "told", logger });
  await using admin = kafka.admin();
  await admin.listTopics();
  const noticed = new Promise((resolve) => channels.disconnected.subscribe(resolve));
  broker.disconnect();
  await noticed;
}

test("pino is told the fields and the message, each at its level", async () => {
  const { stream, text } = written();
  await lifeWith(pino({ level: "debug" }, stream));
  const lines = text()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const connected = lines.find(({ msg }) => msg === "connected to a broker");
  assert.deepEqual([connected.level, connected.clientId, connected.host], [20, "told", "127.0.0.1"]);
  assert.equal(lines.find(({ msg }) => msg === "a connection ended").level, 40);
});

test("the console is told the message first", async () => {
  const { stream, text } = written();
  await lifeWith(new Console({ stdout: stream, stderr: stream }));
  assert.match(text(), /^regroup: connected to a broker \{/m);
  assert.match(text(), /^regroup: a connection ended \{/m);
});

test("nothing is said without a logger", async (t) => {
  const said = (["log", "debug", "info", "warn", "error"] as const).map((level) => t.mock.method(console, level));
  // Standard output is what the test runner itself writes to.
  const stderr = t.mock.method(process.stderr, "write");
  await lifeWith(undefined);
  const calls = [...said, stderr].map((mock) => mock.mock.callCount());
  assert.deepEqual(
    calls,
    calls.map(() => 0),
  );
});
