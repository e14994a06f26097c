/** What a rebalance takes away: everything under an eager assignor, only what moves under a cooperative (KIP-429). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { libraries } from "./support/libraries.ts";
import type { Member } from "./support/member.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 6;

const revoked = (member: Member) =>
  member.events.flatMap((it) => (it.event === "revoked" ? it.partitions : [])).sort((a, b) => a - b);

for (const library of libraries.filter(({ features }) => features.cooperative)) {
  test(`${library.name}: cooperative-sticky members keep reading what stays with them`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const first = world.join(library, topic, { strategy: "cooperative-sticky" });
    await world.shared([first], partitions);

    const second = world.join(library, topic, { strategy: "cooperative-sticky" });
    await world.shared([first, second], partitions);
    assert.deepEqual(
      revoked(first),
      [...second.owned].sort((a, b) => a - b),
    );
    assert.equal(second.owned.size, 3);
    await world.produce(topic, partitions, 10);
    await world.consumed(topic, [first, second]);
  });

  test(`${library.name}: range members give all back in every rebalance`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const first = world.join(library, topic);
    await world.shared([first], partitions);

    const second = world.join(library, topic);
    await world.shared([first, second], partitions);
    assert.deepEqual(revoked(first), [0, 1, 2, 3, 4, 5]);
  });
}
