import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { describe, Member, stableGroup, untilState } from "../member.ts";
import { accepted, createTopic, during, fresh, main, open, produce, refused } from "../suite.ts";
import { batch } from "../wire/batch.ts";
import { encode, type Value } from "../wire/codec.ts";
import { type Connection, ConnectionClosed, isPending, sized } from "../wire/connection.ts";
import { message } from "../wire/schemas.ts";

/** A frame of its own making: any key, any version, any body. */
function frame(key: number, version: number, correlationId: number, body: Uint8Array, flexible = false): Buffer {
  const header = { requestApiKey: key, requestApiVersion: version, correlationId, clientId: "raw" };
  return sized(Buffer.concat([encode(message("RequestHeader"), flexible ? 2 : 1, header), body]));
}

/** The broker closes the connection and has not answered. */
async function closes(send: (connection: Connection) => void): Promise<void> {
  const connection = await open();
  const answer = connection.answer("Metadata", 0, 0);
  send(connection);
  await assert.rejects(answer, ConnectionClosed);
  accepted(await (await open()).ask("ApiVersions", {}, 0)); // and serves others on
}

suite("The wire: what closes a connection", { concurrency: true }, () => {
  test("rule 58: a version that the API does not have", async () => {
    for (const [key, version] of [
      [3, 99],
      [3, -1],
      [0, 2], // advertised for the sake of librdkafka, not spoken
      [1, 3],
      [11, 10],
      [9, 0],
      [19, 1],
    ] as const) {
      await closes((connection) => connection.raw(frame(key, version, 1, Buffer.alloc(64))));
    }
  });

  test("rule 58: an API key that nobody knows, or that brokers do not serve any more", async () => {
    for (const key of [9999, -1, 4, 7]) {
      await closes((connection) => connection.raw(frame(key, 0, 1, Buffer.alloc(64))));
    }
  });

  test("a body that ends too early", async () => {
    const whole = encode(message("JoinGroupRequest"), 5, { groupId: fresh("g"), protocols: [{ name: "range" }] });
    for (const length of [0, 1, whole.length - 1]) {
      await closes((connection) => connection.raw(frame(11, 5, 1, whole.subarray(0, length))));
    }
  });

  test("lengths beyond the end of the frame, and negative ones where nothing may be null", async () => {
    const bodies = [
      Buffer.of(0x7f, 0xff, 0xff, 0xff), // an array of 2^31 - 1 topics
      Buffer.of(0, 0, 0, 1, 0x7f, 0xff), // a name of 32,767 bytes
      Buffer.of(0, 0, 0, 1, 0xff, 0xff), // a name that is null
    ];
    for (const body of bodies) await closes((connection) => connection.raw(frame(3, 4, 1, body)));
  });

  test("a size that is negative or larger than socket.request.max.bytes", async () => {
    for (const size of [-1, 104_857_601, 0x7fffffff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(size);
      await closes((connection) => connection.raw(bytes));
    }
  });

  test("HTTP and TLS on the port", async () => {
    await closes((connection) => connection.raw(Buffer.from("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")));
    await closes((connection) => connection.raw(Buffer.from("16030100c8010000c40303", "hex")));
  });
});

suite("The wire: what does not matter", { concurrency: true }, () => {
  test("rule 58: bytes after the end of a request body are ignored", async () => {
    const connection = await open();
    for (const [api, version, flexible] of [
      ["Metadata", 4, false],
      ["Metadata", 12, true],
      ["Heartbeat", 4, true],
    ] as const) {
      const schema = message(`${api}Request`);
      const body = Buffer.concat([encode(schema, version, {}), Buffer.alloc(9, 7)]);
      connection.raw(frame(schema.apiKey as number, version, 5, body, flexible));
      await connection.answer(api, version, 5);
    }
  });

  test("unknown tagged fields in header and body are passed over", async () => {
    const connection = await open();
    const key = message("HeartbeatRequest").apiKey as number;
    const header = Buffer.concat([Buffer.of(0, key, 0, 4, 0, 0, 0, 9, 255, 255), tags]);
    const body = encode(message("HeartbeatRequest"), 4, { groupId: fresh("g"), memberId: "m" });
    connection.raw(sized(Buffer.concat([header, body.subarray(0, -1), tags])));
    refused(await connection.answer("Heartbeat", 4, 9), "UNKNOWN_MEMBER_ID");
  });

  test("a null client id is taken", async () => {
    const connection = await open();
    const body = encode(message("MetadataRequest"), 1, { topics: [] });
    connection.raw(sized(Buffer.concat([Buffer.of(0, 3, 0, 1, 0, 0, 0, 6, 255, 255), body])));
    assert.equal((await connection.answer("Metadata", 1, 6)).brokers.length, 1);
  });

  test("a request may arrive byte by byte, and many in one piece", async () => {
    const connection = await open();
    const slowly = connection.frame("Metadata", 9, 1, { topics: [] });
    const answer = connection.answer("Metadata", 9, 1);
    for (const byte of slowly) {
      connection.raw(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await answer).brokers.length, 1);
    const many = connection.pipeline(
      ...Array.from({ length: 50 }, () => ["Metadata", { topics: [] }] as [string, Value]),
    );
    assert.equal((await Promise.all(many)).length, 50);
  });
});

/** Two unknown tagged fields: number, size, bytes. */
const tags = Buffer.of(2, 100, 2, 1, 2, 101, 0);

suite("The wire: the order of answers", { concurrency: true }, () => {
  test("rule 58: pipelined requests of many kinds are answered in order", async () => {
    const connection = await open();
    const topic = await createTopic(connection);
    const records = batch([{ value: "x" }]);
    const data = { topicData: [{ topicId: topic.id, partitionData: [{ index: 0, records }] }] };
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
    const produced = ["Produce", { acks: -1, timeoutMs: 5_000, ...data }] as [string, Value];
    const fetched = ["Fetch", { maxWaitMs: 500, minBytes: 1, topics: [{ topicId: topic.id, partitions }] }] as [
      string,
      Value,
    ];
    const kinds: [string, Value, number?][] = [];
    for (let i = 0; i < 20; i++) kinds.push(produced, fetched, ["ListGroups", {}], ["ApiVersions", {}, 0]);
    for (const answer of await Promise.all(connection.pipeline(...kinds))) assert.equal(answer.errorCode ?? 0, 0);
    const far = {
      maxWaitMs: 400,
      minBytes: 1,
      topics: [{ topicId: topic.id, partitions: [{ ...partitions[0], fetchOffset: 20 }] }],
    };
    const from = performance.now();
    const [waiting, behind] = connection.pipeline(["Fetch", far], ["ApiVersions", {}, 0]);
    await behind;
    assert.ok(performance.now() - from > 350); // held back by the fetch that waits
    assert.ok(!(await isPending(waiting!)));
  });

  test("rule 58: a parked join holds back everything behind it on its connection", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    const joining = a.join();
    const behind = a.connection.ask("Metadata", { topics: [] });
    await untilState(b.connection, group, "PreparingRebalance");
    await during(200, async () => assert.ok((await isPending(behind)) && (await isPending(joining))));
    accepted(await b.join());
    accepted(await joining);
    assert.equal((await behind).brokers.length, 1);
  });

  test("acks 0 is not answered, and what comes behind it is", async () => {
    const connection = await open();
    const topic = await createTopic(connection);
    const partitionData = [{ index: 0, records: batch([{ value: "x" }]) }];
    connection.tell("Produce", { acks: 0, timeoutMs: 5_000, topicData: [{ topicId: topic.id, partitionData }] });
    accepted(await produce(connection, topic, batch([{ value: "y" }])));
  });
});

suite("The wire: closed connections", { concurrency: true }, () => {
  test("rule 58: a closed connection ends no membership", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{}, {}])) as [Member, Member];
    b.connection.close();
    await b.connection.closed;
    await during(300, async () => refused(await a.heartbeat(), "NONE"));
    const elsewhere = await Member.of(group);
    Object.assign(elsewhere, { memberId: b.memberId, generationId: b.generationId, joined: b.joined });
    assert.equal(String(accepted(await elsewhere.sync()).assignment), `to ${b.memberId}`);
  });

  test("rule 58: nor does it when a join is parked on it; the rebalance timeout does", async () => {
    const group = fresh("g");
    const [a, b] = (await stableGroup(group, [{ rebalanceTimeoutMs: 2500 }, { rebalanceTimeoutMs: 2500 }])) as Member[];
    const c = await Member.of(group, { rebalanceTimeoutMs: 2500 });
    const parked = c.join();
    await untilState(a!.connection, group, "PreparingRebalance", 3);
    c.connection.close();
    await assert.rejects(parked, ConnectionClosed);
    const answers = await Promise.all([a!.join(), b!.join()]);
    assert.equal(accepted(answers[0]).members.length, 3); // its parked join counts
    accepted(await a!.syncAll());
    assert.equal((await describe(a!.connection, group)).members.length, 3);
    await untilState(a!.connection, group, "PreparingRebalance"); // it does not sync
  });

  test("hundreds of connections come and go", async () => {
    const connections = await Promise.all(Array.from({ length: 200 }, () => open(main)));
    const answers = await Promise.all(connections.map((each) => each.ask("ApiVersions", {}, 0)));
    for (const answer of answers) accepted(answer);
    for (const each of connections) each.close();
    accepted(await (await open()).ask("ApiVersions", {}, 0));
  });
});
