import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { readFetchHead } from "../../src/bench/load/fetch-head.ts";
import { untilMetadata } from "../../src/bench/load/first-answer.ts";
import { nowMs } from "../../src/bench/load/latencies.ts";
import { LostError, Wire } from "../../src/bench/load/wire.ts";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { encodeResponseFrame } from "../../src/protocol/frame.ts";

function answerTo(records: Uint8Array, errorCode = 0): Buffer {
  const partition = { partitionIndex: 0, errorCode, highWatermark: 2 ** 40, abortedTransactions: null, records };
  const response = { errorCode: 0, sessionId: 0, responses: [{ topic: "orders", partitions: [partition] }] };
  return Buffer.concat(encodeResponseFrame(Fetch, 12, 7, response));
}

test("the head of a fetch answer tells its error, high watermark and bytes of records", () => {
  for (const length of [0, 1, 126, 127, 128, 20_000, 3_000_000]) {
    const head = readFetchHead(answerTo(new Uint8Array(length)).subarray(4, 260), "orders");
    assert.deepEqual(head, { errorCode: 0, highWatermark: 2 ** 40, recordsBytes: length });
  }
  assert.equal(readFetchHead(answerTo(new Uint8Array(0), 6).subarray(4), "orders").errorCode, 6);
});

test("answers are cut out of the stream however it comes, and of each only the beginning is kept", async (t) => {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const wire = await Wire.open(`127.0.0.1:${port}`, 10);
  t.after(() => wire.close());
  const [socket] = await accepted;
  socket.setNoDelay(true);
  const frames = [5, 300, 11, 10].map((size, at) => {
    const frame = Buffer.from(Array.from({ length: 4 + size }, (_, index) => 64 * at + (index % 64)));
    frame.writeInt32BE(size);
    return frame;
  });
  const told: { readonly kept: number[]; readonly bytes: number }[] = [];
  const all = new Promise<void>((resolve) => {
    wire.onAnswer = (answer, bytes) => {
      told.push({ kept: [...answer], bytes });
      if (told.length === frames.length) resolve();
    };
  });
  const stream = Buffer.concat(frames);
  for (let at = 0; at < stream.length; at += 3) {
    socket.write(stream.subarray(at, at + 3));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  const wanted = frames.map((frame) => ({ kept: [...frame.subarray(4, 14)], bytes: frame.length - 4 }));
  assert.deepEqual(told, wanted); // also what came in several reads, all into one buffer
});

/** Answers with what is given, or ends the connection of who asks. */
async function answering(t: TestContext, answer: (asked: number) => Uint8Array[] | undefined): Promise<string> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on("data", () => {
      const frames = answer(asked++);
      if (frames === undefined) socket.end();
      else socket.write(Buffer.concat(frames));
    });
  });
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("who asks on a connection that is lost hears of it", async (t) => {
  const wire = await Wire.open(await answering(t, () => undefined));
  t.after(() => wire.close());
  await assert.rejects(wire.ask(ApiVersions, 0, {}), LostError);
});

test("a broker that starts may end connections, and name no broker at first: it is asked again", async (t) => {
  const answer = (brokers: { nodeId: number; host: string; port: number }[]) => {
    return encodeResponseFrame(Metadata, 9, 1, { brokers, controllerId: 1, topics: [] });
  };
  const server = await answering(t, (asked) => {
    if (asked === 0) return undefined;
    return answer(asked < 3 ? [] : [{ nodeId: 1, host: "127.0.0.1", port: 1 }]);
  });
  assert.ok((await untilMetadata(server, nowMs())) > 0);
});
