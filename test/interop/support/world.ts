/** What one interop test stands on: a broker of its own, members to start, records to produce, the group to look at. */
import type { TestContext } from "node:test";
import { type Admin, AssignerProtocol, Kafka, logLevel, type Producer } from "kafkajs";
import { type Broker, startBroker } from "./broker.ts";
import type { Library, MemberOptions } from "./libraries.ts";
import { Member } from "./member.ts";
import { until } from "./until.ts";

export interface World {
  readonly broker: Broker;
  readonly admin: Admin;
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Produces `count` records to each partition; they go on from those produced before. */
  produce(topic: string, partitions: number, count: number): Promise<void>;
  /** Every record produced to the topic, as "partition/offset" → value. */
  produced(topic: string): ReadonlyMap<string, string>;
  /** Starts one member of group "group" that reads `topic`. */
  join(library: Library, topic: string, options?: Partial<MemberOptions>): Member;
  /** Awaits that these members, and no others, own all partitions, each partition once, and the broker agrees. */
  shared(members: readonly Member[], partitions: number, group?: string): Promise<void>;
  /** Awaits that the broker has the group in this state. */
  groupState(state: string, group?: string): Promise<void>;
  /** Awaits that these members together saw every record of the topic, each at its offset and with its value. */
  consumed(topic: string, members: readonly Member[]): Promise<void>;
  /**
   * End offset of each partition. Where a producer's request was answered late it may have been stored twice, so tests
   * compare with this and not with what they sent.
   */
  ends(topic: string): Promise<Map<number, number>>;
  /** Awaits that the group has committed all that there is. */
  caughtUp(topic: string, group?: string): Promise<void>;
  /** Committed offset of each partition, -1 where there is none. */
  committed(topic: string, group?: string): Promise<Map<number, number>>;
}

const defaults = { group: "group", strategy: "range", sessionTimeoutMs: 4_000, heartbeatMs: 500 } as const;

/** Ends with the test: members are killed, the broker is stopped, its folder deleted. */
export async function startWorld(t: Pick<TestContext, "after">, config: Record<string, string> = {}): Promise<World> {
  const broker = await startBroker(config);
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  const admin = kafka.admin();
  const producer = kafka.producer();
  const members: Member[] = [];
  t.after(async () => {
    await Promise.all(members.map((member) => member.kill()));
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await broker.end();
  });
  await Promise.all([admin.connect(), producer.connect()]);
  const world = { broker, admin, ...topics(admin, producer), ...groups(broker, admin, members) };
  return {
    ...world,
    async caughtUp(topic, group) {
      const ends = String([...(await world.ends(topic))]);
      await until(`${topic} is committed up to ${ends}`, async () => {
        return String([...(await world.committed(topic, group))]) === ends;
      });
    },
  };
}

function topics(admin: Admin, producer: Producer) {
  const records = new Map<string, Map<string, string>>();
  let sent = 0;
  const produced = (topic: string) => records.get(topic) ?? new Map<string, string>();
  return {
    produced,
    async createTopic(topic: string, partitions: number) {
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
      await patiently(() => admin.fetchTopicOffsets(topic)); // kafkajs itself does not wait for Kafka's metadata
    },
    async ends(topic: string) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return byPartition(offsets.map(({ partition, high }) => [partition, Number(high)]));
    },
    async produce(topic: string, partitions: number, count: number) {
      const known = produced(topic);
      records.set(topic, known);
      const messages = Array.from({ length: partitions * count }, (_, n) => ({
        partition: n % partitions,
        value: `${topic}-${sent + n}`,
      }));
      sent += messages.length;
      const results = await producer.send({ topic, messages });
      for (const { partition, baseOffset } of results) {
        const there = messages.filter((it) => it.partition === partition);
        for (const [n, { value }] of there.entries()) known.set(`${partition}/${Number(baseOffset) + n}`, value);
      }
    },
    async consumed(topic: string, members: readonly Member[]) {
      const wanted = produced(topic);
      await until(
        `all ${wanted.size} records of ${topic}`,
        () => [...wanted].every(([at, value]) => members.some((member) => member.seen.get(at) === value)),
        { describe: () => members.map((member) => member.tail()).join("\n") },
      );
    },
  };
}

function groups(broker: Broker, admin: Admin, members: Member[]) {
  const describe = (group: string) => patiently(async () => (await admin.describeGroups([group])).groups[0]!);
  return {
    join(library: Library, topic: string, options: Partial<MemberOptions> = {}) {
      const all = { ...defaults, bootstrap: broker.bootstrap, topic, ...options };
      const member = new Member(`${library.name} ${members.length + 1}`, library.program(all));
      members.push(member);
      return member;
    },
    async shared(sharing: readonly Member[], partitions: number, group: string = defaults.group) {
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      await until(
        `${sharing.map(({ name }) => name).join(", ")} share ${partitions} partitions`,
        async () => {
          const owned = sharing.flatMap((member) => [...member.owned]).sort((a, b) => a - b);
          if (sharing.some(({ owned }) => owned.size === 0) || String(owned) !== String(all)) return false;
          const described = await describe(group);
          return described.state === "Stable" && described.members.length === sharing.length;
        },
        { describe: () => members.map((member) => member.tail()).join("\n") },
      );
      const assigned = (await describe(group)).members.flatMap(({ memberAssignment }) => {
        const { assignment } = AssignerProtocol.MemberAssignment.decode(memberAssignment)!;
        return Object.values(assignment).flat();
      });
      if (String(assigned.sort((a, b) => a - b)) !== String(all)) throw new Error(`DescribeGroups tells ${assigned}`);
    },
    async groupState(state: string, group: string = defaults.group) {
      await until(`group ${group} is ${state}`, async () => (await describe(group)).state === state);
    },
    async committed(topic: string, group: string = defaults.group) {
      const [offsets] = await patiently(() => admin.fetchOffsets({ groupId: group, topics: [topic] }));
      return byPartition(offsets!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    },
  };
}

function byPartition(entries: [number, number][]): Map<number, number> {
  return new Map(entries.sort(([a], [b]) => a - b));
}

/** Asks again while the coordinator loads or moves, as every client does; kafkajs leaves it to who calls. */
function patiently<T>(ask: () => Promise<T>): Promise<T> {
  let last: unknown;
  const answer = async () => {
    try {
      return { is: await ask() };
    } catch (error) {
      last = error;
      if ((error as { retriable?: boolean }).retriable) return undefined;
      throw error;
    }
  };
  return until("an answer of the coordinator", answer, { describe: () => String(last) }).then(({ is }) => is);
}
