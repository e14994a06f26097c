import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedGroup } from "./support/simulated-group.ts";

const config = { sessionTimeoutMs: 20_000, maxPollIntervalMs: 10_000 };

test("what a static member was to give up when it died is given to others, though its return is no round", () => {
  const group = new SimulatedGroup({ revokeMs: () => 3000 });
  group.topic("bills", 1);
  group.topic("orders", 2);
  const leader = group.start("leader", { ...config, topics: ["bills"] });
  group.advance(1000);
  const first = group.start("first", { ...config, groupInstanceId: "i" });
  group.advance(10_000);
  assert.equal(first.reads.size, 2);
  group.start("other", config);
  while (first.machine.state !== "Revoking") group.advance(10);
  first.crash();
  const again = group.start("again", { ...config, groupInstanceId: "i" });
  group.advance(8000);
  const read = () => group.running.flatMap(({ reads }) => [...reads.keys()]).length;
  assert.deepEqual([leader.machine.state, again.machine.state, read()], ["Stable", "Stable", 2]);
  group.advance(15_000);
  assert.equal(read(), 3);
});
