/** Two, then three members of a group over six partitions, in every library; one leaves, one is killed, one sleeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { libraries } from "./support/libraries.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 6;

for (const library of libraries) {
  test(`${library.name}: two members, then three, share six partitions; one leaves`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    await world.produce(topic, partitions, 20);

    const first = world.join(library, topic);
    const second = world.join(library, topic);
    await world.shared([first, second], partitions);
    assert.equal(first.owned.size, 3);

    const third = world.join(library, topic);
    await world.shared([first, second, third], partitions);
    assert.equal(third.owned.size, 2);
    await world.produce(topic, partitions, 20);
    await world.consumed(topic, [first, second, third]);

    await second.close();
    await world.shared([first, third], partitions);
    await world.produce(topic, partitions, 20);
    await world.consumed(topic, [first, second, third]);

    await world.caughtUp(topic);
    await Promise.all([first.close(), third.close()]);
    await world.groupState("Empty");
  });

  test(`${library.name}: a killed member's partitions go to the others when its session ends`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const [first, second] = [world.join(library, topic), world.join(library, topic)];
    await world.shared([first, second], partitions);

    await second.kill();
    await world.shared([first], partitions);
    await world.produce(topic, partitions, 20);
    await world.consumed(topic, [first]);
  });

  test(`${library.name}: a member that sleeps past its session is replaced, and joins again awake`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const [first, second] = [world.join(library, topic), world.join(library, topic)];
    await world.shared([first, second], partitions);

    second.pause();
    await first.until("owns all partitions", ({ owned }) => owned.size === partitions);
    await world.produce(topic, partitions, 20);
    await world.consumed(topic, [first]);

    second.resume();
    await world.shared([first, second], partitions);
    await world.produce(topic, partitions, 20);
    await world.consumed(topic, [first, second]);
  });
}
