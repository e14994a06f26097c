/**
 * regroup's client in one group with Java's and Python's: as the leader that assigns to them, and as a member that they
 * assign to. The first member of a group leads it until it leaves (rule 12).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { confluent, java, kafkaPython, type Library, regroup, type Strategy } from "./support/libraries.ts";
import type { Member } from "./support/member.ts";
import { startWorld } from "./support/world.ts";

const topic = "orders";
const partitions = 12;

/** librdkafka has no sticky assignor but the cooperative one. */
const others: Record<Strategy, readonly Library[]> = {
  range: [java, confluent, kafkaPython],
  sticky: [java, kafkaPython],
  "cooperative-sticky": [java, confluent, kafkaPython],
};

function ledLast(member: Member): boolean | undefined {
  const last = member.events.findLast(({ event }) => event === "led" || event === "followed");
  return last === undefined ? undefined : last.event === "led";
}

for (const strategy of Object.keys(others) as Strategy[]) {
  const leaders = [regroup, ...others[strategy].filter((library) => library !== confluent)];
  for (const leader of leaders) {
    const followers =
      leader === regroup ? others[strategy] : [regroup, ...others[strategy].filter((it) => it !== leader)];
    const names = followers.map(({ name }) => name).join(", ");
    test(`${strategy}: ${leader.name} leads ${names}, which come and go, and then leaves itself`, async (t) => {
      const world = await startWorld(t);
      await world.createTopic(topic, partitions);
      const ever: Member[] = [];
      const join = (library: Library) => {
        const member = world.join(library, topic, { strategy, sessionTimeoutMs: 10_000 });
        ever.push(member);
        return member;
      };
      const first = join(leader);
      await world.shared([first], partitions);
      const members = [first, ...followers.map(join)];
      await world.shared(members, partitions);
      const ours = members.find(({ name }) => name.startsWith(regroup.name))!;
      assert.equal(ledLast(ours), leader === regroup);
      const fair = Math.floor(partitions / members.length);
      for (const { name, owned } of members) assert.ok(owned.size >= fair, `${name} has ${owned.size}`);
      await world.produce(topic, partitions, 5);
      await world.consumed(topic, ever);

      await members[1]!.close();
      const left = members.toSpliced(1, 1);
      await world.shared(left, partitions);
      left.push(join(followers[0]!));
      await world.shared(left, partitions);
      await first.close();
      await world.shared(left.slice(1), partitions);
      await world.produce(topic, partitions, 5);
      await world.consumed(topic, ever);
    });
  }
}
