/** Static membership (KIP-345): a member with an instance id may end and come back without a rebalance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { libraries } from "./support/libraries.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 6;
/** Long enough that no session ends while a member restarts. */
const sessionTimeoutMs = 30_000;

for (const library of libraries.filter(({ features }) => features.static)) {
  test(`${library.name}: a static member that restarts gets its partitions back; nobody else notices`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const a = world.join(library, topic, { instanceId: "a", sessionTimeoutMs });
    const b = world.join(library, topic, { instanceId: "b", sessionTimeoutMs });
    await world.shared([a, b], partitions);
    const before = { ofA: [...a.owned], roundsOfB: b.assignments };

    await a.kill();
    const again = world.join(library, topic, { instanceId: "a", sessionTimeoutMs });
    await again.until("gets the partitions it had", ({ owned }) => String([...owned]) === String(before.ofA));
    await world.shared([again, b], partitions);
    await world.produce(topic, partitions, 10);
    await world.consumed(topic, [again, b]);
    assert.equal(b.assignments, before.roundsOfB, b.tail());
  });
}
