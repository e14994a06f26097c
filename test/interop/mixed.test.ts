/** Members of one group that share nothing but Kafka's protocol: three languages, three range assignors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { confluent, java, kafkaPython } from "./support/libraries.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 6;

test("confluent-kafka, kafka-python and Java share one range group, whoever leads it", async (t) => {
  const world = await startWorld(t);
  await world.createTopic(topic, partitions);
  await world.produce(topic, partitions, 20);
  const members = [confluent, kafkaPython, java].map((library) => world.join(library, topic));
  await world.shared(members, partitions);
  for (const { owned } of members) assert.equal(owned.size, 2);
  await world.consumed(topic, members);
  const ever = [...members];

  // Each in turn leaves and comes back, so that each of the others leads a round.
  for (const [n, library] of [confluent, kafkaPython, java].entries()) {
    await members[n]!.close();
    await world.shared(
      members.filter((_, at) => at !== n),
      partitions,
    );
    members[n] = world.join(library, topic);
    ever.push(members[n]);
    await world.shared(members, partitions);
  }
  await world.produce(topic, partitions, 20);
  await world.consumed(topic, ever);
});
