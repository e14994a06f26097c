import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { commit, committed, describe, joinedGroup, Member, stableGroup, untilState } from "../member.ts";
import { Producer, patiently } from "../producer.ts";
import { untilReady } from "../ready.ts";
import {
  accepted,
  createTopic,
  fetch,
  fresh,
  open,
  produce,
  refused,
  type Topic,
  targetName,
  until,
} from "../suite.ts";
import { startTarget, type Target } from "../targets.ts";
import { batch, records } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { ConnectionClosed } from "../wire/connection.ts";

/* A broker of its own, on a disk: everything is set up, then it is killed, then everything is looked at. */

const settings = {
  "max.connections.per.ip": 90,
  "group.min.session.timeout.ms": 100,
  "group.initial.rebalance.delay.ms": 0,
  "num.partitions": 4,
};
let target: Target | undefined;
after(() => target?.end());

/** The same member on a new connection, as after the loss of the old one. */
async function reconnected(old: Member): Promise<Member> {
  const { instanceId, protocols, sessionTimeoutMs, rebalanceTimeoutMs } = old;
  const options = { protocols, sessionTimeoutMs, rebalanceTimeoutMs, ...(instanceId !== null && { instanceId }) };
  const member = await Member.of(old.groupId, { address: (target as Target).address, ...options });
  const { memberId, generationId, joined } = old;
  return Object.assign(member, { memberId, generationId, joined });
}

const epochOf = async (broker: Awaited<ReturnType<typeof open>>, topic: Topic): Promise<number> => {
  const { topics } = await broker.ask("Metadata", { topics: [{ name: topic.name }] });
  return accepted(topics[0]).partitions[0].leaderEpoch;
};

/** Rule 2: while a shard loads a member is told to wait; its heartbeats are answered NONE or to wait. */
async function whileLoading(member: Member): Promise<void> {
  const patience = [0, 14, 15, 16];
  await until("the group is there again", async () => {
    const { errorCode } = await member.heartbeat();
    assert.ok(patience.includes(errorCode), `heartbeat answered ${errorCode}`);
    const answer = await member.sync();
    assert.ok(patience.includes(answer.errorCode), `sync answered ${answer.errorCode}`);
    return answer.errorCode === 0;
  });
}

suite("After a restart", () => {
  test("rule 1: the internal topic is made when a coordinator is first asked for", async () => {
    target = await startTarget(targetName, { settings, durable: true });
    const broker = await open(target.address);
    const names = async () => {
      const { topics } = await broker.ask("Metadata", { topics: null });
      return topics.map((each: Value) => each.name);
    };
    assert.ok(!(await names()).includes("__consumer_offsets"));
    await untilReady(target.address);
    assert.ok((await names()).includes("__consumer_offsets"));
  });

  for (const how of ["SIGKILL", "SIGTERM"] as const) {
    test(`rules 2, 42, 60: everything stands as it stood, after ${how}`, async () => {
      const { address, killAndRestart, stopAndRestart } = target as Target;
      const here = { address };
      const broker = await open(address);
      const topic = await createTopic(broker, 2, { "max.message.bytes": "50000" });
      const gone = await createTopic(broker);

      // groups
      const range: [string, string][] = [["range", topic.name]];
      const stable = await stableGroup(fresh("stable"), [
        { ...here, protocols: range },
        { ...here, instanceId: "b" },
      ]);
      accepted(await stable[0]!.commit(topic.id, 41, { committedMetadata: "half" }));
      const [first] = (await stableGroup(fresh("lost"), [here])) as [Member];
      const lost = await joinedGroup(fresh("lost-first"), [here]);
      accepted(await first.join()); // generation 2 is closed, and no plan is written
      assert.equal(first.generationId, 2);
      const [left] = (await stableGroup(fresh("empty"), [here])) as [Member];
      accepted(await left.leave());
      const simple = fresh("simple");
      accepted(await commit(broker, simple, topic.id, 1));
      accepted(await commit(broker, simple, topic.id, 7));
      accepted(await commit(broker, simple, gone.id, 8));
      const deleted = fresh("deleted");
      accepted(await commit(broker, deleted, topic.id, 1));
      accepted((await broker.ask("DeleteGroups", { groupsNames: [deleted] })).results[0]);
      const [short] = (await stableGroup(fresh("short"), [{ ...here, sessionTimeoutMs: 1_500 }])) as [Member];

      // logs
      const init = { transactionalId: null, transactionTimeoutMs: 60_000 };
      const { producerId, producerEpoch } = accepted(await broker.ask("InitProducerId", init, 5));
      const from = (baseSequence: number) => ({ producerId, producerEpoch, baseSequence });
      const last = batch([{ value: "c" }], from(2));
      accepted(await produce(broker, topic, batch([{ value: "a" }, { value: "b" }], from(0))));
      accepted(await produce(broker, topic, last));
      const cut = [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: 1 }] }];
      accepted((await broker.ask("DeleteRecords", { topics: cut, timeoutMs: 5_000 })).topics[0].partitions[0]);
      accepted((await broker.ask("DeleteTopics", { topics: [{ name: gone.name }], timeoutMs: 5_000 })).responses[0]);
      await until("the deleted topic's offset is gone", async () => {
        const { groups } = await broker.ask("OffsetFetch", { groups: [{ groupId: simple, topics: null }] }, 9);
        return groups[0].topics.length === 1;
      });
      const epoch = await epochOf(broker, topic);
      const cluster = (await broker.ask("DescribeCluster")).clusterId;

      const waiting = fetch(broker, topic, 3, { maxWaitMs: 60_000 }).then(
        () => "answered",
        (error) => (error instanceof ConnectionClosed ? "closed" : error),
      );
      await (how === "SIGKILL" ? killAndRestart() : stopAndRestart());
      assert.ok((how === "SIGKILL" ? ["closed"] : ["closed", "answered"]).includes(await waiting), await waiting);
      await whileLoading(await reconnected(stable[0]!));
      await untilReady(address);

      // groups again
      const again = await open(address);
      const [a, b] = [await reconnected(stable[0]!), await reconnected(stable[1]!)];
      const described = accepted(await describe(again, a.groupId));
      assert.deepEqual([described.groupState, described.members.length], ["Stable", 2]);
      refused(await a.heartbeat(), "NONE");
      refused(await b.heartbeat(), "NONE");
      assert.equal(String(accepted(await a.sync()).assignment), `to ${a.memberId}`);
      assert.equal(String(accepted(await b.sync()).assignment), `to ${b.memberId}`);
      const offset = await committed(again, a.groupId, topic.id);
      assert.deepEqual([offset.committedOffset, offset.metadata], [41, "half"]);
      accepted(await a.commit(topic.id, 42));
      const restarted = await Member.of(a.groupId, { address, instanceId: "b" });
      assert.equal(accepted(await restarted.join()).generationId, 2); // still the same static member

      assert.equal((await describe(again, left.groupId)).groupState, "Empty");
      assert.equal((await committed(again, simple, topic.id)).committedOffset, 7);
      const all = await again.ask("OffsetFetch", { groups: [{ groupId: simple, topics: null }] }, 9);
      assert.deepEqual(
        all.groups[0].topics.map((each: Value) => each.name),
        [topic.name],
      );
      assert.equal((await describe(again, deleted)).groupState, "Dead");

      // rule 60: rounds without a plan are as if they had not been
      const round = await reconnected(first);
      refused(await round.heartbeat(), "ILLEGAL_GENERATION");
      assert.equal(accepted(await round.join()).generationId, 2);
      const nobody = await reconnected(lost[0]!);
      refused(await nobody.heartbeat(), "UNKNOWN_MEMBER_ID");
      const next = await Member.of(lost[0]!.groupId, here);
      assert.equal(accepted(await next.join()).generationId, 1);

      // a fresh session ends like any other
      await untilState(again, short.groupId, "Empty", 0);

      // logs again
      const moved = await epochOf(again, topic);
      assert.ok(moved > epoch, `leader epoch ${moved} after ${epoch}`);
      refused(await fetch(again, topic, 1, { currentLeaderEpoch: epoch }), "FENCED_LEADER_EPOCH");
      const read = accepted(await fetch(again, topic, 1, { currentLeaderEpoch: moved }));
      assert.deepEqual(
        records(read.records)
          .slice(-2)
          .map((each) => each.value),
        ["b", "c"],
      );
      assert.deepEqual([read.logStartOffset, read.highWatermark], [1, 3]);
      refused(await fetch(again, topic, 0), "OFFSET_OUT_OF_RANGE");
      const asked = [{ topic: topic.name, partitions: [{ partition: 0, leaderEpoch: epoch }] }];
      const ended = await again.ask("OffsetForLeaderEpoch", { replicaId: -1, topics: asked });
      assert.equal(accepted(ended.topics[0].partitions[0]).endOffset, 3);
      assert.equal(accepted(await produce(again, topic, last)).baseOffset, 2); // it remembers the producer
      refused(await produce(again, topic, batch([{ value: "x" }], from(9))), "OUT_OF_ORDER_SEQUENCE_NUMBER");
      assert.equal(accepted(await produce(again, topic, batch([{ value: "d" }], from(3)))).baseOffset, 3);
      refused(await produce(again, topic, batch([{ value: "x".repeat(60_000) }])), "MESSAGE_TOO_LARGE");

      // what names things
      assert.equal((await again.ask("DescribeCluster")).clusterId, cluster);
      const { topics } = await again.ask("Metadata", { topics: null });
      const found = topics.find((each: Value) => each.name === topic.name);
      assert.deepEqual([found.topicId, found.partitions.length], [topic.id, 2]);
      assert.ok(!topics.some((each: Value) => each.name === gone.name));
      const other = accepted(await again.ask("InitProducerId", init, 5));
      assert.ok(other.producerId > producerId);
    });
  }

  test("rule 6: a coordinator that restarts knows of each member only the assignor in use", async () => {
    const { address, stopAndRestart } = target as Target;
    const group = fresh("g");
    const both: [string, string][] = [
      ["range", "x"],
      ["sticky", "x"],
    ];
    const members = await stableGroup(group, [
      { address, protocols: both },
      { address, protocols: both },
    ]);
    await stopAndRestart();
    await whileLoading(await reconnected(members[0]!));
    const [a, b] = [await reconnected(members[0]!), await reconnected(members[1]!)];
    const c = await Member.of(group, { address, protocols: [["sticky", "x"]] });
    refused(await c.join(), "INCONSISTENT_GROUP_PROTOCOL");
    refused(await a.heartbeat(), "NONE"); // and nobody else is bothered
    const rejoining = a.join();
    await untilState(b.connection, group, "PreparingRebalance");
    refused(await c.join(), "INCONSISTENT_GROUP_PROTOCOL"); // the other one is still known by one assignor only
    accepted(await b.join());
    accepted(await rejoining);
    const joining = c.join();
    await untilState(b.connection, group, "PreparingRebalance", 3);
    const answers = await Promise.all([a.join(), b.join(), joining]);
    for (const answer of answers) assert.equal(accepted(answer).protocolName, "sticky");
  });

  test("rule 42: what a transaction left pending is pending, and can be decided", async () => {
    const { address, killAndRestart } = target as Target;
    const topic = await createTopic(await open(address), 1);
    const group = fresh("g");
    const before = await Producer.of({ address });
    accepted(await before.commitOffset(group, topic.name, 5));
    await killAndRestart();
    await untilReady(address);
    const broker = await open(address);
    const asked = { groups: [{ groupId: group, topics: [{ topicId: topic.id, partitionIndexes: [0] }] }] };
    const begins = async () => {
      const answer = await broker.ask("OffsetFetch", { ...asked, requireStable: true });
      return answer.groups[0].errorCode === 0 && answer.groups[0].topics[0].partitions[0];
    };
    refused(await until("the group is there again", begins), "UNSTABLE_OFFSET_COMMIT");
    const end = () => broker.ask("EndTxn", { ...before.identity, committed: true });
    accepted(await patiently("the transaction ends", end));
    await until("the offset counts", async () => (await begins()).committedOffset === 5);
  });

  test("max.connections.per.ip: one connection too many is closed, the others stay", async () => {
    const { address } = target as Target;
    const first = await open(address);
    accepted(await first.ask("ApiVersions", {}, 0));
    const many = await Promise.all(Array.from({ length: 100 }, () => open(address)));
    const asked = await Promise.allSettled(many.map((each) => each.ask("ApiVersions", {}, 0)));
    const served = asked.filter((each) => each.status === "fulfilled").length;
    assert.ok(served > 20 && served < 90, `${served} of 100 served`);
    accepted(await first.ask("ApiVersions", {}, 0));
    for (const each of many) each.close();
    await until("there is room again", async () => {
      const next = await open(address);
      return next.ask("ApiVersions", {}, 0).then(
        () => true,
        () => false,
      );
    });
  });
});
