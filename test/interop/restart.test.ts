/** What a group committed outlives the broker: no record is lost, and none that was committed comes again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { libraries } from "./support/libraries.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 6;

for (const library of libraries) {
  test(`${library.name}: commit, stop all, SIGKILL the broker, start it, go on at the committed offsets`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    await world.produce(topic, partitions, 20);
    const early = [world.join(library, topic), world.join(library, topic)];
    await world.consumed(topic, early);
    await world.caughtUp(topic);
    await Promise.all(early.map((member) => member.close()));
    await world.groupState("Empty"); // some commit a lower offset yet: what they are given again, behind a rebalance
    const committed = await world.committed(topic);
    await world.produce(topic, partitions, 20);

    await world.broker.kill();
    await world.broker.start();

    assert.deepEqual(await world.committed(topic), committed);
    const late = [world.join(library, topic), world.join(library, topic)];
    await world.consumed(topic, [...early, ...late]);
    await world.shared(late, partitions);
    for (const member of late) {
      for (const at of member.seen.keys()) {
        const [partition, offset] = at.split("/").map(Number);
        assert.ok(offset! >= committed.get(partition!)!, `${at} came again`);
      }
    }
  });
}

for (const library of libraries.filter(({ features }) => features.outlivesBroker)) {
  test(`${library.name}: a group that lives through a SIGKILL of the broker loses nothing`, async (t) => {
    const world = await startWorld(t);
    await world.createTopic(topic, partitions);
    const members = [world.join(library, topic), world.join(library, topic)];
    await world.shared(members, partitions);
    await world.produce(topic, partitions, 20);

    await world.broker.kill();
    await world.broker.start();

    await world.produce(topic, partitions, 20);
    await world.consumed(topic, members);
    await world.shared(members, partitions);
  });
}
