import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientConnection, QueuedBytes } from "../../src/broker/connection.ts";
import { Connections } from "../../src/broker/connections.ts";

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
