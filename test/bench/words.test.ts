/** What a user reads of a load: in its help, above its figures, and below them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoadName, loads } from "../../src/bench/load/loads.ts";
import { helpOf, optionsOf } from "../../src/bench/load/options.ts";
import { delayWords, initialRebalanceDelayMs } from "../../src/bench/load/rebalance-delay.ts";
import { figureName, meaningOf } from "../../src/bench/load/words.ts";
import { startServer } from "../../src/server/start-server.ts";

const names = Object.keys(loads) as LoadName[];

test("the help of every load says what each option means", () => {
  for (const name of names) {
    for (const [flag, { key }] of optionsOf(name)) assert.ok(meaningOf(name, key), `${name} --${flag}`);
  }
  assert.match(helpOf("produce"), /--compression <text> +default: none\n +of batches: none, gzip, snappy, lz4, zstd\n/);
  assert.match(helpOf("consume"), /--records <number> .*\n +records that the topic is filled with/);
});

test("figures are shown with what they count, and in which unit", () => {
  const shown = ["perSecond", "megabytesPerSecond", "p50", "p999", "formedMs"].map((it) => figureName("produce", it));
  assert.deepEqual(shown, ["records/s", "MB/s", "p50 ms", "p99.9 ms", "formed ms"]);
  for (const name of ["consume", "commits", "transactions"] as const) {
    assert.doesNotMatch(figureName(name, "perSecond"), /undefined/);
  }
});

test("a group that a broker holds back is told apart from one that is slow", async () => {
  const config = { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "1234" };
  const server = await startServer({ config, ephemeral: true });
  try {
    assert.equal(await initialRebalanceDelayMs(server.bootstrapServers, "a"), 1234);
  } finally {
    await server.close();
  }
  assert.match(delayWords(2500, 1234)!, /group\.initial\.rebalance\.delay\.ms=1234/);
  assert.equal(delayWords(900, 1234), undefined);
  assert.equal(delayWords(900, 0), undefined);
  assert.equal(delayWords(900, Number.NaN), undefined);
  assert.match(helpOf("groups"), /group\.initial\.rebalance\.delay\.ms/);
});
