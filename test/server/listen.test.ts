import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { Broker } from "../../src/broker/broker.ts";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { BrokerConnection, Peer } from "../../src/broker/connection.ts";
import { Listeners } from "../../src/server/listen.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

test("max.connections also counts those who came while the log was loaded", async (t) => {
  const config = new BrokerConfig(
    new Map([
      ["listeners", "PLAINTEXT://127.0.0.1:0"],
      ["max.connections", "1"],
    ]),
  );
  const listeners = await Listeners.open(config);
  const early = [0, 1].map(() => connect(listeners.bound[0]!.port, "127.0.0.1"));
  t.after(() => {
    for (const socket of early) socket.destroy();
    listeners.stopAccepting();
  });
  await Promise.all(early.map((socket) => once(socket, "connect")));

  const served: Peer[] = [];
  let more: () => void = () => undefined;
  const connection: BrokerConnection = { announce() {}, receive() {}, caughtUp() {}, closed() {} };
  const serve = (peer: Peer) => {
    served.push(peer);
    more();
    return connection;
  };
  const next = () => new Promise<void>((resolve) => (more = resolve));
  const first = next();
  listeners.serve({ connect: serve } as unknown as Broker, config, silent);
  if (served.length === 0) await first;
  const second = next();
  const late = connect(listeners.bound[0]!.port, "127.0.0.1");
  early.push(late);
  await once(late, "connect");
  assert.equal(served.length, 1);
  served[0]!.close("the test wants its place");
  await second;
  assert.equal(served.length, 2);
});
