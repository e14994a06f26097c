/** Members over real connections: on regroup, or on any Kafka by REGROUP_TEST_BOOTSTRAP=host:port. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { standardAssignors } from "../../../src/assignment/standard-assignors.ts";
import { Kafka } from "../../../src/client/kafka.ts";
import { until } from "../../interop/support/until.ts";
import { startTestBroker, unique } from "../broker.ts";
import { LiveMember, type LiveOptions } from "./support/live-member.ts";

const bootstrapServers = await startTestBroker();

async function newTopic(numPartitions: number): Promise<string> {
  const topic = unique("orders");
  await using admin = new Kafka({ bootstrapServers }).admin();
  await admin.createTopics([{ topic, numPartitions, replicationFactor: 1 }]);
  await admin.describeTopics([topic]);
  return topic;
}

const everStarted: LiveMember[] = [];
after(() => Promise.all(everStarted.map((member) => member.close())));

function started(options: Omit<LiveOptions, "bootstrapServers">): LiveMember {
  const member = new LiveMember({ bootstrapServers, ...options });
  everStarted.push(member);
  return member;
}

/** Which partitions are read now, and how long those that were handed over stood still. */
class Readers {
  readonly now = new Set<string>();
  readonly pausesMs: number[] = [];
  readonly #stoppedMs = new Map<string, number>();

  readonly note = (partition: string, isRead: boolean): void => {
    if (!isRead) {
      this.now.delete(partition);
      this.#stoppedMs.set(partition, performance.now());
      return;
    }
    assert.ok(!this.now.has(partition), `${partition} is read twice`);
    this.now.add(partition);
    const stoppedMs = this.#stoppedMs.get(partition);
    if (stoppedMs !== undefined) this.pausesMs.push(performance.now() - stoppedMs);
  };
}

function isStable({ machine }: LiveMember): boolean {
  return machine.state === "Stable";
}

test("rule 46: a fifth cooperative member takes its part, only what moves stands still, for no heartbeat", async () => {
  const topic = await newTopic(32);
  const groupId = unique("billing");
  const readers = new Readers();
  const start = () => {
    const assignors = [standardAssignors["cooperative-sticky"]()];
    return started({ groupId, topics: [topic], assignors, onRead: readers.note });
  };
  const members = [start(), start(), start(), start()];
  const share = (size: number) => members.every((each) => isStable(each) && each.machine.assignment.length >= size);
  await until("four members have eight each", () => Promise.resolve(share(8)));
  readers.pausesMs.length = 0;

  members.push(start());
  await until("five members have their part", () => Promise.resolve(share(6) && readers.now.size === 32));
  assert.equal(readers.pausesMs.length, 6);
  // 20 to 60 ms on a machine at rest; without early heartbeats it would be up to heartbeat.interval.ms, 3000.
  for (const pauseMs of readers.pausesMs) assert.ok(pauseMs < 1000, `${readers.pausesMs}`);
  await Promise.all(members.map((member) => member.close()));
  assert.equal(readers.now.size, 0);
  assert.deepEqual(
    members.flatMap(({ failures }) => failures),
    [],
  );
});

test("rules 26 and 50: who closes hands its partitions over; the last one leaves the group Empty", async () => {
  const topic = await newTopic(4);
  const groupId = unique("billing");
  const readers = new Readers();
  const start = () => {
    const assignors = [standardAssignors.range(), standardAssignors["cooperative-sticky"]()];
    return started({ groupId, topics: [topic], assignors, onRead: readers.note });
  };
  const [first, second] = [start(), start()] as const;
  const has = (member: LiveMember, size: number) => isStable(member) && member.machine.assignment.length === size;
  await until("both have two", () => Promise.resolve(has(first, 2) && has(second, 2)));
  await first.close();
  await until("the other has all", () => Promise.resolve(has(second, 4)));
  await second.close();
  await using admin = new Kafka({ bootstrapServers }).admin();
  const [description] = await admin.describeGroups([groupId]);
  assert.equal(description?.state, "Empty");
});
