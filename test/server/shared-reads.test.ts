import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { canShare, SharedReads } from "../../src/server/shared-reads.ts";

async function listening(t: TestContext, serve: (accepted: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return server;
}

async function clientOf(server: Server): Promise<Socket> {
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  client.on("error", () => undefined); // some are cut
  await once(client, "connect");
  return client;
}

/** A client, and what is read of it. @param take changes what was accepted. */
async function pair(t: TestContext, take: (accepted: Socket) => void = () => undefined) {
  const text = { read: "" };
  let begun: (reads: SharedReads) => void = () => undefined;
  const began = new Promise<SharedReads>((resolve) => (begun = resolve));
  const server = await listening(t, (accepted) => {
    take(accepted);
    begun(new SharedReads(accepted, (memory, bytes) => (text.read += memory.toString("utf8", 0, bytes))));
  });
  const client = await clientOf(server);
  t.after(() => client.destroy());
  return { server, client, text, reads: await began };
}

test("this Node can; all clients' bytes come in one memory, and are told as they were sent", async (t) => {
  const memories = new Set<Buffer>();
  const server = await listening(t, (accepted) => {
    assert.ok(canShare(accepted));
    const { socket } = new SharedReads(accepted, (memory, bytes) => {
      memories.add(memory);
      socket.write(Buffer.from(memory.subarray(0, bytes)));
    });
  });
  const clients = [await clientOf(server), await clientOf(server)];
  const sent = ["a", "b"].map((letter) => letter.repeat(300_000));
  const echoed = await Promise.all(
    clients.map(async (client, at) => {
      client.end(sent[at]!);
      const chunks: Buffer[] = [];
      for await (const chunk of client) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    }),
  );
  assert.deepEqual(echoed, sent);
  assert.equal(memories.size, 1);
});

test("the server counts the socket that took the place, until it is gone", async (t) => {
  const { server, client, reads } = await pair(t);
  const count = () => new Promise<number>((resolve) => server.getConnections((_, connections) => resolve(connections)));
  assert.equal(await count(), 1);
  const closed = once(server, "close");
  server.close();
  client.end();
  await once(reads.socket, "close");
  await closed;
  assert.equal(await count(), 0);
});

test("while it is paused nothing is told and little is kept, then all comes in its order", async (t) => {
  const { client, reads, text } = await pair(t);
  reads.pause();
  const sent = Array.from({ length: 1_000_000 }, (_, at) => `${at},`).join("");
  client.write(sent);
  while (!reads.socket.isPaused()) await nextTurn();
  assert.equal(text.read, "");
  assert.ok(reads.socket.bytesRead <= 3 * 64 * 1024);
  reads.resume();
  while (text.read.length < sent.length) await nextTurn();
  assert.equal(text.read, sent);
});

test("a client that goes is noticed while it is paused", async (t) => {
  for (const go of [(client: Socket) => client.end(), (client: Socket) => client.resetAndDestroy()]) {
    const { client, reads } = await pair(t);
    reads.socket.on("error", () => undefined);
    reads.pause();
    go(client);
    await new Promise((resolve) => reads.socket.on("close", resolve));
  }
});

test("what a client sent before it went is told when it is resumed, and before the end", async (t) => {
  const { client, reads, text } = await pair(t);
  reads.pause();
  client.end("asked at last");
  await once(reads.socket, "end");
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(reads.socket.destroyed, false);
  const closed = once(reads.socket, "close");
  reads.resume();
  await closed;
  assert.equal(text.read, "asked at last");
});

test("who pauses when told something is told no more of what was kept", async (t) => {
  const told: number[] = [];
  let begun: (reads: SharedReads) => void = () => undefined;
  const began = new Promise<SharedReads>((resolve) => (begun = resolve));
  const server = await listening(t, (accepted) => {
    const reads = new SharedReads(accepted, (_, bytes) => {
      told.push(bytes);
      reads.pause();
    });
    begun(reads);
  });
  const client = await clientOf(server);
  t.after(() => client.destroy());
  const reads = await began;
  for (let sent = 1; sent <= 3; sent++) {
    client.write("x".repeat(sent));
    while (reads.socket.bytesRead < (sent * (sent + 1)) / 2) await nextTurn();
  }
  assert.deepEqual(told, [1]);
  reads.resume();
  while (told.length < 2) await nextTurn();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.deepEqual(told, [1, 2]);
});

test("once it is stopped nothing is told, and the client's end is noticed however much it sends", async (t) => {
  const { client, reads, text } = await pair(t);
  reads.pause();
  client.write(Buffer.alloc(1_000_000));
  while (!reads.socket.isPaused()) await nextTurn();
  reads.stop();
  const closed = once(reads.socket, "close");
  client.end();
  await closed;
  assert.equal(text.read, "");
});

test("where Node's handle cannot read into given memory the socket stays, and tells the same", async (t) => {
  let accepted: Socket | undefined;
  const { client, reads, text } = await pair(t, (socket) => {
    accepted = socket;
    const { _handle } = socket as unknown as { _handle: object };
    Object.defineProperty(_handle, "useUserBuffer", { value: undefined });
    assert.equal(canShare(socket), false);
  });
  assert.equal(reads.socket, accepted);
  reads.pause();
  client.end("abc");
  await once(client, "finish");
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(text.read, "");
  const closed = once(reads.socket, "close");
  reads.resume();
  await closed;
  assert.equal(text.read, "abc");
});
