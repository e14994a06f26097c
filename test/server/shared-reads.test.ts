import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { canShare, readShared } from "../../src/server/shared-reads.ts";

async function listening(t: TestContext, serve: (accepted: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return server;
}

async function clientOf(server: Server): Promise<Socket> {
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  await once(client, "connect");
  return client;
}

test("this Node can; all clients' bytes come in one memory, and are told as they were sent", async (t) => {
  const memories = new Set<Buffer>();
  const server = await listening(t, (accepted) => {
    assert.ok(canShare(accepted));
    const socket = readShared(accepted, (memory, bytes) => {
      memories.add(memory);
      socket.write(Buffer.from(memory.subarray(0, bytes)));
    });
    socket.resume();
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
  let begun: (socket: Socket) => void = () => undefined;
  const taken = new Promise<Socket>((resolve) => (begun = resolve));
  const server = await listening(t, (accepted) => begun(readShared(accepted, () => undefined).resume()));
  const client = await clientOf(server);
  const socket = await taken;
  const count = () => new Promise<number>((resolve) => server.getConnections((_, connections) => resolve(connections)));
  assert.equal(await count(), 1);
  const closed = once(server, "close");
  server.close();
  client.end();
  await once(socket, "close");
  await closed;
  assert.equal(await count(), 0);
});

test("while it is paused nothing is read", async (t) => {
  let begun: (socket: Socket) => void = () => undefined;
  const taken = new Promise<Socket>((resolve) => (begun = resolve));
  let read = 0;
  const server = await listening(t, (accepted) => {
    const socket = readShared(accepted, (_, bytes) => {
      read += bytes;
      socket.pause();
      begun(socket);
    }).resume();
  });
  const client = await clientOf(server);
  client.on("error", () => undefined);
  client.write(Buffer.alloc(10_000_000));
  const socket = await taken;
  const first = read;
  while (client.writableLength === 0) await new Promise(setImmediate);
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  assert.equal(read, first);
  assert.ok(first <= 64 * 1024);
  socket.resume();
  while (read === first) await new Promise(setImmediate);
  client.destroy();
});

test("where Node has no such handle the socket stays as it is", async (t) => {
  const read: string[] = [];
  let same = false;
  const server = await listening(t, (accepted) => {
    Object.defineProperty(accepted, "_handle", { value: { ...innerOf(accepted), useUserBuffer: undefined } });
    same = readShared(accepted, (memory, bytes) => void read.push(memory.toString("utf8", 0, bytes))) === accepted;
    accepted.emit("data", Buffer.from("abc"));
    begun();
  });
  let begun: () => void = () => undefined;
  const taken = new Promise<void>((resolve) => (begun = resolve));
  const client = await clientOf(server);
  await taken;
  assert.ok(same);
  assert.deepEqual(read, ["abc"]);
  client.destroy();
});

function innerOf(socket: Socket): object {
  return (socket as unknown as { _handle: object })._handle;
}
