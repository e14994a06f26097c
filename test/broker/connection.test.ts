import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientConnection } from "../../src/broker/connection.ts";
import type { BrokerServices } from "../../src/broker/context.ts";
import type { ServedApi } from "../../src/broker/handlers/index.ts";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { decodeResponseFrame, encodeRequestFrame } from "../../src/protocol/frame.ts";
import type { Api, RequestInput } from "../../src/protocol/schema.ts";
import { settle } from "../support/virtual-clock.ts";

const heartbeat = { groupId: "g", generationId: 1, memberId: "m" };
const produce = { transactionalId: null, acks: -1, timeoutMs: 1, topicData: [] };

/** A connection whose handlers wait until the test lets them answer. */
function openConnection() {
  const started: string[] = [];
  const answers: { resolve: (response: object | undefined) => void; reject: (error: Error) => void }[] = [];
  const sent: number[] = [];
  const errors: string[] = [];
  const closedBecause: string[] = [];
  const pauses: boolean[] = [];
  const behind = { isBehind: false };
  let queuedBytes = 0;
  const served = (api: Api): [number, ServedApi] => {
    const handle = () => {
      started.push(api.name);
      return new Promise((resolve, reject) => answers.push({ resolve, reject }));
    };
    return [api.key, { api, handle } as unknown as ServedApi];
  };
  const services = {
    logger: { error: (_: object, message: string) => errors.push(message) },
  } as unknown as BrokerServices;
  const connection = new ClientConnection(
    services,
    new Map([served(Heartbeat), served(Produce)]),
    {
      clientHost: "127.0.0.1",
      listener: "PLAINTEXT",
      get isBehind() {
        return behind.isBehind;
      },
      send: (pieces) => sent.push(Buffer.concat(pieces).readInt32BE(4)),
      close: (reason) => closedBecause.push(reason),
      pauseReading: (paused) => pauses.push(paused),
    },
    { add: (bytes) => (queuedBytes += bytes), remove: (bytes) => (queuedBytes -= bytes) },
  );
  let correlationId = 0;
  return {
    connection,
    behind,
    started,
    answers,
    sent,
    errors,
    closedBecause,
    pauses,
    queuedBytes: () => queuedBytes,
    ask<A extends Api>(api: A, version: number, request: RequestInput<A>) {
      const framing = { correlationId: ++correlationId, clientId: "c" };
      connection.receive(Buffer.concat(encodeRequestFrame(api, version, framing, request)).subarray(4));
    },
  };
}

test("rule 58: a request is looked at only when the one before it is answered", async () => {
  const { ask, started, answers, sent } = openConnection();
  ask(Heartbeat, 4, heartbeat);
  ask(Heartbeat, 4, heartbeat);
  assert.equal(started.length, 1);
  answers[0]!.resolve({ errorCode: 0 });
  await settle();
  assert.equal(started.length, 2);
  assert.deepEqual(sent, [1]);
});

test("a Produce that holds its connection has nothing start behind it until it lets go", async () => {
  const { connection, ask, started } = openConnection();
  ask(Produce, 9, produce);
  const goOn = connection.hold();
  ask(Produce, 9, produce);
  assert.deepEqual(started, ["Produce"]);
  goOn();
  assert.deepEqual(started, ["Produce", "Produce"]);
});

test("a Produce behind a Produce starts before the earlier is durable, and is answered after it", async () => {
  const { ask, started, answers, sent } = openConnection();
  ask(Produce, 9, produce);
  ask(Produce, 9, produce);
  ask(Heartbeat, 4, heartbeat);
  ask(Produce, 9, produce);
  assert.deepEqual(started, ["Produce", "Produce"]);
  answers[1]!.resolve({ responses: [] });
  await settle();
  assert.deepEqual(sent, []);
  answers[0]!.resolve({ responses: [] });
  await settle();
  assert.deepEqual(sent, [1, 2]);
  assert.deepEqual(started, ["Produce", "Produce", "Heartbeat"]);
});

test("acks=0 gets no answer, and what follows goes on", async () => {
  const { ask, answers, sent } = openConnection();
  ask(Produce, 9, { ...produce, acks: 0 });
  ask(Heartbeat, 4, heartbeat);
  answers[0]!.resolve(undefined);
  await settle();
  answers[1]!.resolve({ errorCode: 0 });
  await settle();
  assert.deepEqual(sent, [2]);
});

test("rule 58: an unknown API, an unsupported version and a broken request close the connection", () => {
  const closings: [Uint8Array, RegExp][] = [
    [Buffer.from("03e7000000000001ffff", "hex"), /^API 999 is not served in version 0$/],
    [Buffer.from("000c006300000001ffff00", "hex"), /^API 12 is not served in version 99$/],
    [Buffer.from("000c000400000001ffff007f", "hex"), /^a request cannot be read: Heartbeat\.request/],
    [Buffer.from("00", "hex"), /^a request cannot be read: /],
  ];
  for (const [frame, reason] of closings) {
    const { connection, closedBecause, queuedBytes } = openConnection();
    connection.receive(frame);
    assert.match(closedBecause[0] ?? "", reason);
    assert.equal(queuedBytes(), 0);
  }
});

test("KIP-511: an ApiVersions of a version to come is answered in version 0", () => {
  const frames: Uint8Array[] = [];
  const { connection, closedBecause } = openConnection();
  const peer = {
    clientHost: "",
    isBehind: false,
    listener: "",
    close() {},
    pauseReading() {},
    send: (it: readonly Uint8Array[]) => frames.push(...it),
  };
  const served = new Map([[ApiVersions.key, { api: ApiVersions, handle: () => undefined } as unknown as ServedApi]]);
  new ClientConnection({} as BrokerServices, served, peer, { add() {}, remove() {} }).receive(
    Buffer.from("0012006300000007ffff00", "hex"),
  );
  const { correlationId, response } = decodeResponseFrame(ApiVersions, 0, Buffer.concat(frames).subarray(4));
  assert.equal(correlationId, 7);
  assert.equal(response.errorCode, 35);
  assert.deepEqual(response.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]);
  assert.equal(connection.isClosed, false);
  assert.deepEqual(closedBecause, []);
});

test("a client that goes away frees what it had waiting, and is answered no more", async () => {
  const { connection, ask, started, answers, sent, queuedBytes } = openConnection();
  let told = 0;
  connection.onClosed(() => told++);
  ask(Heartbeat, 4, heartbeat);
  ask(Heartbeat, 4, heartbeat);
  connection.closed();
  answers[0]!.resolve({ errorCode: 0 });
  await settle();
  assert.deepEqual([told, sent.length, started.length, queuedBytes()], [1, 0, 1, 0]);
});

test("a client that sends ahead too far is not read from until it is answered", async () => {
  const { ask, answers, pauses } = openConnection();
  for (let count = 0; count < 65; count++) ask(Heartbeat, 4, heartbeat);
  assert.deepEqual(pauses, [true]);
  answers[0]!.resolve({ errorCode: 0 });
  await settle();
  assert.deepEqual(pauses, [true, false]);
});

test("nothing more is worked out for a client that does not read its answers", async () => {
  const { connection, behind, ask, started, answers } = openConnection();
  ask(Heartbeat, 4, heartbeat);
  ask(Heartbeat, 4, heartbeat);
  behind.isBehind = true;
  answers[0]!.resolve({ errorCode: 0 });
  await settle();
  assert.equal(started.length, 1);
  behind.isBehind = false;
  connection.caughtUp();
  assert.equal(started.length, 2);
});

test("a handler that throws is told in the log and ends its connection, not the broker", async () => {
  const { ask, answers, errors, closedBecause } = openConnection();
  ask(Heartbeat, 4, heartbeat);
  answers[0]!.reject(new Error("a defect"));
  await settle();
  assert.deepEqual(errors, ["a request failed, its connection is closed"]);
  assert.deepEqual(closedBecause, ["a request failed"]);
});
