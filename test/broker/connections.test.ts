import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientConnection, type QueuedBytes } from "../../src/broker/connection.ts";
import { Connections } from "../../src/broker/connections.ts";
import type { BrokerServices } from "../../src/broker/context.ts";
import type { ServedApi } from "../../src/broker/handlers/index.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { encodeRequestFrame } from "../../src/protocol/frame.ts";

/** Stands for a connection: remembers whether it is read from. */
function connectionOf(held: boolean[]): ClientConnection {
  return {
    onClosed: () => () => undefined,
    holdAll: (hold: boolean) => held.push(hold),
  } as unknown as ClientConnection;
}

test("over queued.max.request.bytes nobody is read from, who comes then neither, until it is below again", () => {
  const connections = new Connections(100);
  const [first, second]: [boolean[], boolean[]] = [[], []];
  let queued: QueuedBytes | undefined;
  connections.open((bytes) => {
    queued = bytes;
    return connectionOf(first);
  });
  queued!.add(100);
  assert.deepEqual(first, []);
  queued!.add(1);
  connections.open(() => connectionOf(second));
  queued!.remove(2);
  assert.deepEqual(
    [first, second],
    [
      [true, false],
      [true, false],
    ],
  );
});

test("without a limit nobody is held", () => {
  const connections = new Connections(-1);
  const held: boolean[] = [];
  connections.open((queued) => {
    queued.add(Number.MAX_SAFE_INTEGER);
    return connectionOf(held);
  });
  assert.deepEqual(held, []);
});

const heartbeat = { groupId: "g", generationId: 1, memberId: "m" };
const request = Buffer.concat(encodeRequestFrame(Heartbeat, 4, { correlationId: 1, clientId: "c" }, heartbeat));
const frame = request.subarray(4);

/** A client whose requests are answered at once. */
function clientOf(connections: Connections) {
  const client = { isRead: true, answered: 0 };
  const peer = {
    clientHost: "",
    listener: "",
    isBehind: false,
    send: () => void client.answered++,
    close: () => undefined,
    pauseReading: (paused: boolean) => {
      client.isRead = !paused;
    },
  };
  const served = { api: Heartbeat, handle: () => ({ errorCode: 0 }) } as unknown as ServedApi;
  const connection = connections.open(
    (queued) => new ClientConnection({} as BrokerServices, new Map([[Heartbeat.key, served]]), peer, queued),
  );
  return { connection, client };
}

test("a request counts once its size is known: who has a place is read on, the others wait for theirs", () => {
  const connections = new Connections(frame.length - 1);
  const clients = [clientOf(connections), clientOf(connections), clientOf(connections)];
  for (const { connection } of clients) connection.announce(frame.length);
  const read = () => clients.map(({ client }) => client.isRead);
  assert.deepEqual(read(), [true, false, false]);
  clients[0]!.connection.receive(frame);
  assert.deepEqual(read(), [false, true, false]);
  clients[0]!.connection.announce(frame.length); // it asks again, and is not preferred
  clients[1]!.connection.receive(frame);
  assert.deepEqual(read(), [false, false, true]);
  clients[2]!.connection.closed();
  assert.equal(clients[0]!.client.isRead, true);
  clients[0]!.connection.receive(frame);
  assert.deepEqual(read().slice(0, 2), [true, true]);
  assert.deepEqual(
    clients.map(({ client }) => client.answered),
    [2, 1, 0],
  );
});
