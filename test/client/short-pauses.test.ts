/** How long partitions stand still where heartbeats are answered at once: on regroup or, as the others, any Kafka. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Party } from "../../src/bench/pauses/party.ts";
import { startTestBroker, unique } from "./broker.ts";
import { assertShort } from "./support/pauses.ts";

test("a fifth member joins: what moves stands still 60 ms at most, what stays does not pause", async () => {
  const bootstrapServers = await startTestBroker({ "group.heartbeat.max.wait.ms": "0" });
  await using party = await Party.open(bootstrapServers, unique("orders"), 4);
  await assertShort({ rounds: 5, limitMs: 60, of: ({ moved }) => moved }, async () => {
    const joined = await party.join();
    assert.equal(joined.moved.length, 6);
    await party.leave();
    return joined;
  });
});
