import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { BrokerConnection, Peer } from "../../src/broker/connection.ts";
import { ClientSocket, UnreadAnswers } from "../../src/server/client-socket.ts";
import { FrameBuffers } from "../../src/server/frame-buffers.ts";

const megabyte = 1024 * 1024;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Answers whatever comes with as many megabytes as its first byte says. */
class Generous implements BrokerConnection {
  readonly #peer: Peer;
  readonly closedByClient: Promise<void>;
  received = 0;
  announced = 0;
  #closed: () => void = () => undefined;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.closedByClient = new Promise((resolve) => {
      this.#closed = resolve;
    });
  }

  announce(bytes: number): void {
    this.announced = bytes;
  }

  receive(frame: Uint8Array): void {
    this.received++;
    this.#peer.send([new Uint8Array(frame[0]! * megabyte)]);
  }

  caughtUp(): void {}

  closed(): void {
    this.#closed();
  }
}

const askFor = (megabytes: number) => Buffer.of(0, 0, 0, 1, megabytes);

async function receivesMegabytes(client: Socket, megabytes: number): Promise<void> {
  client.resume();
  while (client.bytesRead < megabytes * megabyte) await new Promise(setImmediate);
}

/** @returns what connects clients that do not read. */
async function listening(t: TestContext, maxUnreadBytes: number, buffers = new FrameBuffers(megabyte), maxIdleMs = 0) {
  const unread = new UnreadAnswers(maxUnreadBytes);
  const warned: string[] = [];
  const logger = { ...silent, warn: (_: object, message: string) => void warned.push(message) };
  let connected: (pair: { socket: ClientSocket; connection: Generous }) => void = () => undefined;
  const server = createServer((socket) => {
    let connection: Generous | undefined;
    const connect = (peer: Peer) => (connection = new Generous(peer));
    const limits = { maxRequestBytes: 1000, maxIdleMs, unread, buffers };
    const client = new ClientSocket(socket, "PLAINTEXT", connect, logger, limits);
    connected({ socket: client, connection: connection! });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const clients: Socket[] = [];
  t.after(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  return {
    warned,
    async connect() {
      const pair = new Promise<{ socket: ClientSocket; connection: Generous }>((resolve) => (connected = resolve));
      const client = connectTo(port, "127.0.0.1").pause();
      client.on("error", () => undefined); // it is cut
      clients.push(client);
      return { client, ...(await pair) };
    },
  };
}

test("a client that does not read its answers is not read from until it does", async (t) => {
  const { connect } = await listening(t, 100 * megabyte);
  const { client, socket, connection } = await connect();
  client.write(askFor(20));
  while (!socket.isBehind) await new Promise(setImmediate);
  client.write(askFor(0));
  const later = await connect(); // what it is told shows that the first one's bytes had come before
  later.client.write(askFor(1));
  await receivesMegabytes(later.client, 1);
  assert.equal(connection.received, 1);
  await receivesMegabytes(client, 20);
  while (connection.received === 1) await new Promise(setImmediate);
  assert.equal(socket.isBehind, false);
});

test("when all unread answers together are too many, the client that has the most is closed", async (t) => {
  const { warned, connect } = await listening(t, 50 * megabyte);
  const [few, most] = [await connect(), await connect()];
  most.client.write(askFor(40));
  while (!most.socket.isBehind) await new Promise(setImmediate);
  few.client.write(askFor(20));
  await most.connection.closedByClient;
  assert.match(warned.join(), /^a client is disconnected: it does not read its answers \(\d+ bytes wait\)/);
  await receivesMegabytes(few.client, 20);
});

test("a request of which only a part has come is announced with its whole size", async (t) => {
  const { client, connection } = await (await listening(t, megabyte)).connect();
  client.write(Buffer.of(0, 0, 0, 1, 0, 0, 0, 3, 232, 0));
  while (connection.announced === 0) await new Promise(setImmediate);
  assert.deepEqual([connection.received, connection.announced], [1, 1000]);
  client.write(new Uint8Array(999));
  while (connection.received === 1) await new Promise(setImmediate);
  assert.equal(connection.received, 2);
});

test("memory that was lent for an answer is lent again when the client has the answer, and not before", async (t) => {
  const buffers = new FrameBuffers(100 * megabyte);
  const { connect } = await listening(t, 100 * megabyte, buffers);
  const { client, socket } = await connect();
  const lent = Array.from({ length: 12 }, (_, at) => buffers.take(megabyte).fill(at + 1));
  const memories = new Set(lent.map(({ buffer }) => buffer));
  const received: Buffer[] = [];
  client.on("data", (chunk: Buffer) => received.push(chunk));
  client.pause();
  socket.send([Buffer.of(0), ...lent.slice(0, 11)]); // in pieces
  socket.send([lent[11]!]);
  while (!socket.isBehind) await new Promise(setImmediate);
  const during = Array.from({ length: 12 }, () => buffers.take(megabyte).fill(0xee));
  await receivesMegabytes(client, 12);
  while (received.reduce((sum, { length }) => sum + length, 0) < 12 * megabyte + 1) await new Promise(setImmediate);
  const all = Buffer.concat(received);
  for (let at = 0; at < 12; at++) {
    const piece = all.subarray(1 + at * megabyte, 1 + (at + 1) * megabyte);
    assert.ok(
      piece.every((byte) => byte === at + 1),
      `piece ${at}`,
    );
  }
  assert.ok(
    during.some(({ buffer }) => !memories.has(buffer)),
    "some was still on its way",
  );
  const again = new Set(
    [...during, ...Array.from({ length: 12 }, () => buffers.take(megabyte))].map((it) => it.buffer),
  );
  for (const memory of memories) assert.ok(again.has(memory));
});

test("memory for a small answer is free as soon as it is sent", async (t) => {
  const buffers = new FrameBuffers(megabyte);
  const { client, socket } = await (await listening(t, megabyte, buffers)).connect();
  const lent = buffers.take(20_000).fill(7);
  socket.send([Buffer.of(1), lent]);
  await new Promise(setImmediate);
  assert.equal(buffers.take(20_000).fill(0).buffer, lent.buffer);
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  while (client.bytesRead < 20_001) await new Promise(setImmediate);
  assert.ok(
    Buffer.concat(chunks)
      .subarray(1)
      .every((byte) => byte === 7),
  );
});

test("who asks is not idle, however long it does, and is closed when it does not", async (t) => {
  const { warned, connect } = await listening(t, 100 * megabyte, undefined, 500);
  const { client, connection } = await connect();
  const closed = once(client, "close");
  const since = performance.now();
  while (performance.now() < since + 1100) {
    client.write(askFor(0));
    const asked = connection.received + 1;
    while (connection.received < asked && !client.destroyed) await new Promise(setImmediate);
    assert.deepEqual(warned, []);
  }
  client.resume();
  await closed;
  assert.deepEqual(warned, ["a client is disconnected: it was idle for connections.max.idle.ms"]);
});

test("a client that takes nothing of its answer is idle", async (t) => {
  const { warned, connect } = await listening(t, 100 * megabyte, undefined, 50);
  const { client, connection } = await connect();
  client.write(askFor(50));
  await connection.closedByClient;
  assert.deepEqual(warned, ["a client is disconnected: it was idle for connections.max.idle.ms"]);
});
