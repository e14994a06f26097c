/** Read, process, write, commit as one, by everyone's transactional producers: each input has exactly one output. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { kit } from "./support/broker.ts";
import { python } from "./support/libraries.ts";
import { Member, ownEvents, type Program } from "./support/member.ts";
import { kafkaTool, lines, run } from "./support/tools.ts";
import { until } from "./support/until.ts";
import { startWorld, type World } from "./support/world.ts";

const [partitions, count, size] = [4, 400, 10];

interface Copy {
  readonly bootstrap: string;
  readonly group: string;
  readonly transactionalId: string;
  readonly input: string;
  readonly output: string;
  /** Records in one transaction, about. */
  readonly size: number;
}

/** Starts a copier, which ends with the test. */
function copier(t: TestContext, program: (copy: Copy) => Program, { broker }: World, number: number): Member {
  const id = `copier-${number}`;
  const names = { group: "group", transactionalId: id, input: "input", output: "output" };
  const member = new Member(id, program({ bootstrap: broker.bootstrap, ...names, size }));
  t.after(() => member.kill());
  return member;
}

function transactions({ events }: Member, result: "COMMIT" | "ABORT"): number {
  return events.filter((each) => each.event === "transaction" && each.result === result).length;
}

async function committedValues({ broker }: World, topic: string): Promise<string[]> {
  const where = ["-b", broker.bootstrap, "-C", "-t", topic, "-e", "-q", "-f", "%s\\n"];
  return lines(await run("kcat", [...where, "-X", "isolation.level=read_committed"])).sort();
}

async function startCopies(t: TestContext, config: Record<string, string> = {}): Promise<World> {
  const world = await startWorld(t, config);
  await world.createTopic("input", partitions);
  await world.createTopic("output", partitions);
  await world.produce("input", partitions, count);
  return world;
}

/** Each input lies in the output once, for those who read what is committed; and lies there more often for others. */
async function eachOnce(world: World): Promise<void> {
  assert.deepEqual(await committedValues(world, "output"), await committedValues(world, "input"));
  const ends = [...(await world.ends("output")).values()].reduce((sum, end) => sum + end, 0);
  assert.ok(ends > partitions * count, `markers and aborted records take offsets too: ${ends}`);
}

const ours = (command: string, file: string) => (copy: Copy) => ({
  command,
  args: [join(import.meta.dirname, "clients", file), JSON.stringify(copy)],
  events: ownEvents,
});
const copiers = [
  { name: "confluent-kafka", program: ours(python, "copy-confluent.py"), members: 2, aborts: true },
  // kafkajs names no generation when it commits offsets in a transaction: nothing holds back a member that lost them
  { name: "kafkajs", program: ours(process.execPath, "copy-kafkajs.ts"), members: 1, aborts: true },
  { name: "regroup", program: ours(process.execPath, "copy-regroup.ts"), members: 2, aborts: false },
];

for (const { name, program, members, aborts } of copiers) {
  test(`${name}: copiers are killed within transactions, and every record is copied once`, async (t) => {
    const world = await startCopies(t);
    const all = Array.from({ length: members }, (_, number) => copier(t, program, world, number));
    for (let kills = 0; kills < 3; kills++) {
      const victim = kills % members;
      const before = transactions(all[victim]!, "COMMIT");
      await all[victim]!.until("some more transactions", (it) => transactions(it, "COMMIT") > before + 1);
      await all[victim]!.kill();
      all[victim] = copier(t, program, world, victim);
    }
    await world.caughtUp("input");
    if (aborts) assert.ok(all.some((each) => transactions(each, "ABORT") > 0));
    await Promise.all(all.map((each) => each.close()));
    await eachOnce(world);
  });
}

test("Java's transactional message copier: killed, started again, and every record is copied once", async (t) => {
  // It asks for its offset before it fences the one that was killed: the offset is unstable until that has timed out.
  const world = await startCopies(t, { "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200" });
  const start = (partition: number) => {
    const where = ["--broker-list", world.broker.bootstrap, "--consumer-group", "group", "--use-group-metadata"];
    const what = ["--input-topic", "input", "--input-partition", String(partition), "--output-topic", "output"];
    const how = ["--transactional-id", `copier-${partition}`, "--transaction-size", String(size)];
    const patience = ["--transaction-timeout", "2000"];
    const tool = "org.apache.kafka.tools.TransactionalMessageCopier";
    const member = new Member(`copier of partition ${partition}`, {
      command: kit,
      args: ["run", tool, ...where, ...what, ...how, ...patience, "--enable-random-aborts"],
      env: { KAFKA_HEAP_OPTS: "-Xmx128m -XX:TieredStopAtLevel=1" },
      events: copierEvents,
    });
    t.after(() => member.kill());
    return member;
  };
  for (let partition = 0; partition < partitions; partition++) {
    const first = start(partition);
    await first.until("two transactions", (it) => transactions(it, "COMMIT") >= 2);
    await first.kill();
    const second = start(partition);
    await until(
      `partition ${partition} is copied`,
      async () => (await world.committed("input")).get(partition) === (await world.ends("input")).get(partition),
      { describe: () => second.tail() },
    );
    await second.kill();
  }
  await eachOnce(world);
});

/** It tells after each transaction how many records are copied in all; aborted ones leave the number. */
function copierEvents(line: string) {
  return line.startsWith("{") && JSON.parse(line).consumed > 0
    ? [{ event: "transaction", result: "COMMIT" } as const]
    : [];
}

test("kafka-transactions: lists, describes, and aborts what hangs", async (t) => {
  const world = await startWorld(t);
  await world.createTopic("t", 1);
  const at = ["--bootstrap-server", world.broker.bootstrap];
  const hanging = copierThatStops(t, world);
  await hanging.until("its transaction is open", (it) => it.events.some(({ event }) => event === "assigned"));

  const listed = lines(await kafkaTool("transactions", [...at, "list"]));
  assert.match(listed.join("\n"), /TransactionalId.*TransactionState\s+hangs\s+1\s+\d+\s+Ongoing/);
  const described = lines(await kafkaTool("transactions", [...at, "describe", "--transactional-id", "hangs"]));
  assert.match(described.join("\n"), /hangs\s.*Ongoing.*t-0/);
  const of = ["--topic", "t", "--partition", "0"];
  const producers = lines(await kafkaTool("transactions", [...at, "describe-producers", ...of]));
  assert.match(producers.join("\n"), /CurrentTransactionStartOffset\s+\d+\s.*\s0\s*$/);
  await kafkaTool("transactions", [...at, "abort", ...of, "--start-offset", "0"]);
  const after = lines(await kafkaTool("transactions", [...at, "describe-producers", ...of]));
  assert.match(after.join("\n"), /None\s*$/);
});

/** A producer whose transaction stays open. */
function copierThatStops(t: TestContext, { broker }: World): Member {
  const code = `
import json, sys, time
from confluent_kafka import Producer
p = Producer({"bootstrap.servers": "${broker.bootstrap}", "transactional.id": "hangs"})
p.init_transactions(30)
p.begin_transaction()
p.produce("t", value="x")
p.flush(10)
print(json.dumps({"event": "assigned", "partitions": []}), flush=True)
sys.stdin.read()
`;
  const member = new Member("hangs", { command: python, args: ["-c", code], events: ownEvents });
  t.after(() => member.kill());
  return member;
}
