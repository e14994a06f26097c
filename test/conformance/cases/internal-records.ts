import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { commit, type Member, stableGroup } from "../member.ts";
import { accepted, createTopic, fetch, fresh, open, type Topic } from "../suite.ts";
import { batches } from "../wire/batch.ts";
import { Reader } from "../wire/bytes.ts";
import { decode, type Value } from "../wire/codec.ts";
import { message } from "../wire/schemas.ts";
import { subscription } from "../wire/subscription.ts";

/* What lies in __consumer_offsets: Kafka's own records, so that its tools and a Kafka that takes over can read them. */

const broker = await open();
const topic = await createTopic(broker, 2);
const { topics } = await broker.ask("Metadata", { topics: [{ name: "__consumer_offsets" }] });
const internal: Topic = { name: "__consumer_offsets", id: accepted(topics[0]).topicId };

interface Written {
  type: "OffsetCommit" | "GroupMetadata";
  key: Value;
  version: number;
  value: Value | null;
}

/** Reads key or value: an int16 that says which or which version, then the struct. */
function read(bytes: Buffer, name: string, version: number): Value {
  const reader = new Reader(bytes.subarray(2));
  const value = decode(message(name), version, reader);
  assert.equal(reader.left, 0);
  return value;
}

/** All records about a group, in the order of the log. */
async function writtenFor(group: string): Promise<Written[]> {
  const hash = [...group].reduce((sum, each) => (31 * sum + each.charCodeAt(0)) | 0, 0);
  const partition = Math.abs(hash) % 50;
  const found: Written[] = [];
  for (let offset = 0, end = 1; offset < end; ) {
    const answer = accepted(await fetch(broker, internal, offset, { partition, partitionMaxBytes: 10_000_000 }));
    end = answer.highWatermark;
    const list = batches(answer.records);
    for (const each of list) {
      assert.ok(each.crcIsRight);
      if (each.attributes & 0x20) continue; // the end of somebody's transaction
      for (const { keyBytes, valueBytes } of each.records) {
        const type = (["OffsetCommit", "OffsetCommit", "GroupMetadata"] as const)[(keyBytes as Buffer).readInt16BE(0)];
        if (type === undefined) continue;
        const key = read(keyBytes as Buffer, `${type}Key`, 0);
        if (key.group !== group) continue;
        const version = valueBytes?.readInt16BE(0) ?? -1;
        const value = valueBytes ? read(valueBytes, `${type}Value`, version) : null;
        found.push({ type, key, version, value });
      }
    }
    offset = (list.at(-1)?.lastOffset ?? end) + 1;
  }
  return found;
}

const near = (timestamp: number) => Math.abs(timestamp - Date.now()) < 60_000;

suite("The records of __consumer_offsets", { concurrency: true }, () => {
  test("rule 21: the leader's sync writes GroupMetadata, version 3, with members and assignments", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [
      { clientId: "client a", protocols: [["range", "x"]], sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 40_000 },
      { clientId: "client b", instanceId: "b", protocols: [["range", "y"]] },
    ])) as [Member, Member];
    const written = await writtenFor(group);
    const last = written.at(-1) as Written;
    assert.deepEqual([last.type, last.version], ["GroupMetadata", 3]);
    const { value } = last;
    assert.deepEqual(
      [value.protocolType, value.generation, value.protocol, value.leader],
      ["consumer", 2, "range", a.memberId],
    );
    assert.ok(near(value.currentStateTimestamp));
    const members = new Map<string, Value>(value.members.map((each: Value) => [each.memberId, each]));
    assert.deepEqual(members.get(a.memberId), {
      memberId: a.memberId,
      groupInstanceId: null,
      clientId: "client a",
      clientHost: "/127.0.0.1",
      rebalanceTimeout: 40_000,
      sessionTimeout: 20_000,
      subscription: subscription("x"),
      assignment: Buffer.from(`to ${a.memberId}`),
    });
    assert.equal(members.get(b.memberId).groupInstanceId, "b");
    assert.ok(written.every((each) => each.value.generation !== 1)); // that round had no plan
  });

  test("rule 31: a static member that comes back is written, with the generation unchanged", async () => {
    const group = fresh("g");
    const [, b] = (await stableGroup(group, [{}, { instanceId: "b" }])) as [Member, Member];
    const before = await writtenFor(group);
    const old = b.memberId;
    b.memberId = "";
    accepted(await b.join());
    const [swap, ...more] = (await writtenFor(group)).slice(before.length);
    assert.equal(more.length, 0);
    assert.deepEqual([swap?.type, swap?.value.generation], ["GroupMetadata", 2]);
    const ids = swap?.value.members.map((each: Value) => each.memberId);
    assert.ok(ids.includes(b.memberId) && !ids.includes(old));
  });

  test("rule 26: a group that turns Empty is written, without members", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    accepted(await a.leave());
    const { value } = (await writtenFor(group)).at(-1) as Written;
    assert.deepEqual([value.generation, value.members, value.leader, value.protocol], [2, [], null, null]);
    assert.equal(value.protocolType, "consumer");
  });

  test("a commit writes OffsetCommit, version 4; with a retention of its own version 1", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 17, { committedMetadata: "m", partitionIndex: 1 }));
    const partitions = [{ partitionIndex: 0, committedOffset: 18 }];
    const body = { groupId: group, retentionTimeMs: 1_000_000, topics: [{ name: topic.name, partitions }] };
    accepted((await broker.ask("OffsetCommit", body, 2)).topics[0].partitions[0]);
    const [first, second] = (await writtenFor(group)).filter((each) => each.type === "OffsetCommit");
    assert.deepEqual(first?.key, { group, topic: topic.name, partition: 1 });
    assert.equal(first?.version, 4);
    const { commitTimestamp, ...rest } = first?.value ?? {};
    assert.deepEqual(rest, { offset: 17, leaderEpoch: -1, metadata: "m", topicId: topic.id });
    assert.ok(near(commitTimestamp));
    assert.equal(second?.version, 1);
    assert.equal(second?.value.expireTimestamp - second?.value.commitTimestamp, 1_000_000);
  });

  test("rule 40: deleting a group writes tombstones for its offsets and for itself", async () => {
    const group = fresh("g");
    const [a] = (await stableGroup(group)) as [Member];
    accepted(await a.commit(topic.id, 1));
    accepted(await a.leave());
    const before = (await writtenFor(group)).length;
    accepted((await broker.ask("DeleteGroups", { groupsNames: [group] })).results[0]);
    const tombstones = (await writtenFor(group)).slice(before);
    assert.deepEqual(
      tombstones.map(({ type, value }) => [type, value]),
      [
        ["OffsetCommit", null],
        ["GroupMetadata", null],
      ],
    );
  });

  test("rule 40: OffsetDelete writes a tombstone for the offset alone", async () => {
    const group = fresh("g");
    accepted(await commit(broker, group, topic.id, 1));
    accepted(await commit(broker, group, topic.id, 2, { partitionIndex: 1 }));
    const before = (await writtenFor(group)).length;
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: 1 }] }];
    accepted((await broker.ask("OffsetDelete", { groupId: group, topics })).topics[0].partitions[0]);
    const [tombstone, ...more] = (await writtenFor(group)).slice(before);
    assert.equal(more.length, 0);
    assert.deepEqual(tombstone?.key, { group, topic: topic.name, partition: 1 });
    assert.equal(tombstone?.value, null);
  });
});
