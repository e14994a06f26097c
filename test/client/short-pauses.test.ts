/** How long partitions stand still on a broker that answers heartbeats at once: regroup or, as the others, any Kafka. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Party, type Pauses } from "../../src/bench/pauses/party.ts";
import { startTestBroker, unique } from "./broker.ts";
import { assertNobodyElsePaused, median } from "./support/pauses.ts";

test("a fifth member joins: what moves stands still 60 ms at most, what stays does not pause", async () => {
  const bootstrapServers = await startTestBroker({ "group.heartbeat.max.wait.ms": "0" });
  await using party = await Party.open(bootstrapServers, unique("orders"), 4);
  const joins: Pauses[] = [];
  for (let round = 0; round < 5; round++) {
    joins.push(await party.join());
    await party.leave();
  }
  const still = joins.flatMap(({ moved }) => moved);
  assert.equal(still.length, 5 * 6, "six partitions moved each time");
  assert.ok(median(still) <= 60, `${still}`);
  assertNobodyElsePaused(joins);
});
