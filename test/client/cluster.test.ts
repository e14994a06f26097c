import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect, createServer } from "node:net";
import { suite, test } from "node:test";
import type { ClientConfigInput } from "../../src/client/client-keys.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import { readConfig } from "../../src/client/config.ts";
import type { RequestEvent } from "../../src/client/diagnostics.ts";
import { ClosedError, NetworkError, RequestTimeoutError, UnsupportedVersionError } from "../../src/client/errors.ts";
import { silentLogger } from "../../src/client/logger.ts";
import { ClientMetrics } from "../../src/client/metrics/client-metrics.ts";
import { Node } from "../../src/client/node.ts";
import { openCluster } from "../../src/client/open-cluster.ts";
import { callWithin } from "../../src/client/wait.ts";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { FindCoordinator } from "../../src/protocol/apis/find-coordinator.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { ListGroups } from "../../src/protocol/apis/list-groups.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import { encodeResponse } from "../../src/protocol/codec.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import type { Api } from "../../src/protocol/schema.ts";
import { FakeBroker, topicLedBy } from "./fake-broker.ts";

function clusterOf(bootstrapServers: string, config: ClientConfigInput = {}): Cluster {
  return openCluster(
    readConfig("Kafka", { bootstrapServers, reconnectBackoffMs: 5, retryBackoffMs: 5, clientId: "test", ...config }),
  );
}

const beat = (generationId: number) => ({ groupId: "billing", generationId, memberId: "m" });
const noError = { errorCode: 0 };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

suite("a cluster", () => {
  test("tries the next bootstrap server when one does not listen", async () => {
    await using broker = await FakeBroker.start();
    await using cluster = clusterOf(`127.0.0.1:${await freePort()},${broker.bootstrapServers}`);
    const { clusterId } = await cluster.metadata([]);
    assert.equal(clusterId, "fake");
  });

  test("says of each bootstrap server why it cannot be reached", async () => {
    const [one, other] = [await freePort(), await freePort()];
    await using cluster = clusterOf(`127.0.0.1:${one},127.0.0.1:${other}`);
    await assert.rejects(cluster.metadata([]), (error: NetworkError) => {
      return error.retriable && error.message.includes(`${one}`) && error.message.includes(`${other}`);
    });
  });

  test("takes the bootstrap connection over for the broker that it turns out to be", async () => {
    await using broker = await FakeBroker.start();
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.metadata([]);
    broker.on(Heartbeat, () => noError);
    await cluster.send(1, Heartbeat, beat(1));
    assert.equal(broker.sockets.size, 1);
  });

  test("speaks the highest version that both have, and refuses when there is none", async () => {
    await using broker = await FakeBroker.start();
    broker.on(ApiVersions, () => ({
      errorCode: 0,
      apiKeys: [
        { apiKey: Metadata.key, minVersion: 0, maxVersion: 9 },
        { apiKey: Heartbeat.key, minVersion: 0, maxVersion: 2 },
      ],
    }));
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send("any", Heartbeat, beat(1));
    assert.equal((await broker.received(Heartbeat)).version, 2);
    await assert.rejects(cluster.send("any", ListGroups, {}), UnsupportedVersionError);
    const noSuch = cluster.send("any", Heartbeat, beat(1), { versions: [3, 4] });
    await assert.rejects(noSuch, { code: "NO_COMMON_VERSION" });
  });

  test("asks again in an older version when the broker answers ApiVersions in version 0 (KIP-511)", async () => {
    await using broker = await FakeBroker.start();
    const asked: number[] = [];
    const apiKeys = [ApiVersions, Metadata, Heartbeat].map(({ key }) => ({
      apiKey: key,
      minVersion: 0,
      maxVersion: 2,
    }));
    broker.on(ApiVersions, ({ version, socket }) => {
      asked.push(version);
      if (version <= 2) return { errorCode: 0, apiKeys };
      const body = encodeResponse(ApiVersions, 0, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys });
      const frame = Buffer.alloc(8);
      frame.writeInt32BE(4 + body.length, 0);
      frame.writeInt32BE(1, 4);
      socket.write(Buffer.concat([frame, body]));
      return undefined;
    });
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send("any", Heartbeat, beat(1));
    assert.deepEqual(asked, [4, 2]);
  });

  test("sends in the order of the calls, also those made before it is connected", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.metadata([]);
    const calls = [1, 2, 3].map((generation) => cluster.send(1, Heartbeat, beat(generation), { lane: "group" }));
    await calls[0];
    await Promise.all([...calls, cluster.send(1, Heartbeat, beat(4), { lane: "group" })]);
    const generations = broker.requests.filter(({ api }) => api === Heartbeat).map(({ request }) => request);
    assert.deepEqual(
      generations.map(({ generationId }) => generationId),
      [1, 2, 3, 4],
    );
  });

  test("matches answers by their correlation ids, in whatever order they come", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => undefined);
    await using cluster = clusterOf(broker.bootstrapServers);
    const first = cluster.send("any", Heartbeat, beat(1));
    const second = cluster.send("any", Heartbeat, beat(2));
    (await broker.received(Heartbeat, 2)).answer({ errorCode: ErrorCode.ILLEGAL_GENERATION });
    assert.equal((await second).errorCode, ErrorCode.ILLEGAL_GENERATION);
    (await broker.received(Heartbeat, 1)).answer(noError);
    assert.equal((await first).errorCode, 0);
  });

  test("keeps lanes apart: one connection each", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send("any", Heartbeat, beat(1));
    await cluster.send("any", Heartbeat, beat(1), { lane: "group" });
    assert.equal(broker.sockets.size, 2);
  });

  test("rejects what is in flight when the connection breaks, and connects again for the next", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => undefined);
    await using cluster = clusterOf(broker.bootstrapServers);
    const lost = cluster.send("any", Heartbeat, beat(1));
    await broker.received(Heartbeat);
    broker.disconnect();
    await assert.rejects(lost, NetworkError);
    broker.on(Heartbeat, () => noError);
    assert.equal((await cluster.send("any", Heartbeat, beat(2))).errorCode, 0);
  });

  test("finds a broker again that was away", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send("any", Heartbeat, beat(1));
    await broker.crash();
    await assert.rejects(cluster.send("any", Heartbeat, beat(1)), NetworkError);
    await broker.listenAgain();
    await cluster.send("any", Heartbeat, beat(1));
  });

  test("ends a connection whose broker is silent for request.timeout.ms", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => undefined);
    await using cluster = clusterOf(broker.bootstrapServers, { requestTimeoutMs: 1000 });
    await cluster.metadata([]);
    const late = cluster.send("any", Heartbeat, beat(1), { timeoutMs: 30 });
    await assert.rejects(late, RequestTimeoutError);
    assert.equal(broker.sockets.size, 1, "a caller's own short timeout leaves the connection");
    const silent = (await broker.received(Heartbeat)).socket;
    await new Promise((resolve) => silent.once("close", resolve));
  });

  test("an aborted call rejects with the signal's reason, and its answer disturbs nobody", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => undefined);
    await using cluster = clusterOf(broker.bootstrapServers);
    const abort = new AbortController();
    const called = cluster.send("any", Heartbeat, beat(1), { signal: abort.signal });
    const other = cluster.send("any", Heartbeat, beat(2));
    const first = await broker.received(Heartbeat, 1);
    const reason = new Error("enough");
    abort.abort(reason);
    await assert.rejects(called, reason);
    first.answer(noError);
    (await broker.received(Heartbeat, 2)).answer(noError);
    assert.equal((await other).errorCode, 0);
  });

  test("a call is aborted also while it connects", async () => {
    await using cluster = clusterOf(`127.0.0.1:${await freePort()}`, { reconnectBackoffMs: 60_000 });
    await assert.rejects(cluster.send("any", Heartbeat, beat(1)), NetworkError);
    const reason = new Error("enough");
    await assert.rejects(cluster.send("any", Heartbeat, beat(1), { signal: AbortSignal.timeout(20) }), {
      name: "TimeoutError",
    });
    await assert.rejects(cluster.send("any", Heartbeat, beat(1), { signal: AbortSignal.abort(reason) }), reason);
  });

  test("resolves when it is written, where no answer is expected (acks=0)", async () => {
    await using broker = await FakeBroker.start();
    await using cluster = clusterOf(broker.bootstrapServers);
    const request = { transactionalId: null, acks: 0, timeoutMs: 1000, topicData: [] };
    assert.equal(await cluster.send("any", Produce, request, { expectsAnswer: false }), undefined);
    assert.equal((await broker.received(Produce)).request.acks, 0);
  });

  test("asks for a coordinator once, however many ask, and again when it is gone", async () => {
    await using broker = await FakeBroker.start();
    const { port } = new URL(`tcp://${broker.bootstrapServers}`);
    let attempts = 0;
    broker.on(FindCoordinator, ({ request }) => {
      attempts += 1;
      const errorCode = attempts === 1 ? ErrorCode.COORDINATOR_NOT_AVAILABLE : 0;
      const key = request.coordinatorKeys[0]!;
      return {
        coordinators: [{ key, nodeId: 1, host: "127.0.0.1", port: Number(port), errorCode, errorMessage: null }],
      };
    });
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    const found = await Promise.all([1, 2, 3].map(() => cluster.coordinatorOf({ group: "billing" })));
    assert.deepEqual(found, [1, 1, 1]);
    assert.equal(attempts, 2);
    await cluster.send({ group: "billing" }, Heartbeat, beat(1));
    assert.equal(attempts, 2);
    cluster.coordinatorGone({ group: "billing" });
    await cluster.send({ group: "billing" }, Heartbeat, beat(1));
    assert.equal(attempts, 3);
  });

  test("a coordinator that the cluster does not know any more is looked for anew", async () => {
    await using gone = await FakeBroker.start(2);
    await using broker = await FakeBroker.start(1);
    const [there, elsewhere] = [broker, gone].map(({ nodeId, bootstrapServers }) => {
      return { nodeId, host: "127.0.0.1", port: Number(bootstrapServers.split(":")[1]) };
    });
    let coordinator = elsewhere!;
    const answer = (key: string) => ({ coordinators: [{ key, ...coordinator, errorCode: 0, errorMessage: null }] });
    broker.on(FindCoordinator, ({ request }) => answer(request.coordinatorKeys[0]!));
    for (const each of [gone, broker]) each.on(Heartbeat, () => noError).on(Metadata, () => broker.metadata([]));
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send({ group: "billing" }, Heartbeat, beat(1));
    const beats = () => gone.requests.filter(({ api }) => api === (Heartbeat as Api)).length;
    assert.equal(beats(), 1);
    await cluster.metadata([]); // tells of the other broker alone
    coordinator = there!;
    await assert.rejects(cluster.send({ group: "billing" }, Heartbeat, beat(1)), /node 2 is not in the cluster/);
    await cluster.send({ group: "billing" }, Heartbeat, beat(1));
    assert.equal(beats(), 1);
  });

  test("who waits for a connection to a broker that leaves the cluster may try again", async () => {
    const nobody = await FakeBroker.start();
    const server = { host: "127.0.0.1", port: Number(nobody.bootstrapServers.split(":")[1]) };
    await nobody.crash();
    const config = readConfig("Kafka", {
      bootstrapServers: "x:1",
      reconnectBackoffMs: 9000,
      reconnectBackoffMaxMs: 9000,
    });
    const telling = { logger: silentLogger, metrics: new ClientMetrics() };
    const node = new Node(2, server, config, telling, () => {});
    await assert.rejects(node.open("main", callWithin(5000)), { code: "CONNECTION_FAILED" });
    const waiting = node.open("main", callWithin(5000));
    await Promise.all([
      node.letGo(),
      assert.rejects(waiting, { code: "CONNECTION_FAILED", retriable: true, message: /not in the cluster any more/ }),
    ]);
  });

  test("waits for a leader that is being elected", async () => {
    await using broker = await FakeBroker.start();
    let asked = 0;
    broker.on(Metadata, ({ request }) => {
      if (request.topics?.length === 0) return broker.metadata([]);
      asked += 1;
      return broker.metadata([topicLedBy(asked < 3 ? -1 : 1, "orders")]);
    });
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.send({ leader: { topic: "orders", partition: 0 } }, Heartbeat, beat(1));
    assert.equal(asked, 3);
    await assert.rejects(
      cluster.send({ leader: { topic: "orders", partition: 9 } }, Heartbeat, beat(1), { timeoutMs: 1000 }),
      { code: "UNKNOWN_TOPIC_OR_PARTITION" },
    );
  });

  test("keeps the newest leader epoch (KIP-320), and takes a newer one of an answer (KIP-951)", async () => {
    await using broker = await FakeBroker.start();
    let told = topicLedBy(1, "orders", 1, 5);
    broker.on(Metadata, () => broker.metadata([told]));
    await using cluster = clusterOf(broker.bootstrapServers);
    await cluster.metadata(["orders"]);
    told = topicLedBy(2, "orders", 1, 4);
    await cluster.metadata(["orders"]);
    assert.equal(cluster.leaderOf("orders", 0), 1);
    cluster.leaderMoved("orders", 0, 2, 5);
    assert.equal(cluster.leaderOf("orders", 0), 1);
    cluster.leaderMoved("orders", 0, 2, 6);
    assert.equal(cluster.leaderOf("orders", 0), 2);
  });

  test("keeps the watched topics up to date, and tells who listens", async () => {
    await using broker = await FakeBroker.start();
    let partitions = 1;
    broker.on(Metadata, ({ request }) => {
      return broker.metadata((request.topics ?? []).map(({ name }) => topicLedBy(1, name!, partitions)));
    });
    await using cluster = clusterOf(broker.bootstrapServers);
    const counts: (number | undefined)[] = [];
    const seen = (count: number) =>
      new Promise<void>((resolve) => {
        const stop = cluster.onMetadata(({ topics }) => {
          counts.push(topics.get("orders")?.partitions.length);
          if (counts.at(-1) !== count) return;
          stop();
          resolve();
        });
      });
    const first = seen(1);
    cluster.watch(new Set(["orders"]));
    await first;
    partitions = 3;
    const second = seen(3);
    cluster.refreshSoon();
    await second;
    assert.deepEqual(
      cluster.known.topics.get("orders")?.partitions.map(({ partition }) => partition),
      [0, 1, 2],
    );
  });

  test("rejects what is in flight when it is closed, and everything afterwards", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => undefined);
    const cluster = clusterOf(broker.bootstrapServers);
    const call = cluster.send("any", Heartbeat, beat(1));
    const rejected = assert.rejects(call, ClosedError);
    await broker.received(Heartbeat);
    await cluster.close();
    await rejected;
    await assert.rejects(cluster.send("any", Heartbeat, beat(1)), ClosedError);
  });

  test("tells diagnostics_channel of every request", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => noError);
    await using cluster = clusterOf(broker.bootstrapServers, { clientId: "told" });
    const events: RequestEvent[] = [];
    const listener = (event: unknown) => {
      if ((event as RequestEvent).clientId === "told") events.push(event as RequestEvent);
    };
    subscribe("regroup.client.request", listener);
    await cluster.send("any", Heartbeat, beat(1));
    unsubscribe("regroup.client.request", listener);
    assert.deepEqual(
      events.map(({ api, error }) => [api, error]),
      [
        ["ApiVersions", undefined],
        ["Heartbeat", undefined],
      ],
    );
    assert.ok(
      events.every(
        ({ durationMs, requestBytes, responseBytes }) => durationMs > 0 && requestBytes + responseBytes > 16,
      ),
    );
  });

  test("a port that speaks something else is told as such, at once", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await using cluster = clusterOf(`127.0.0.1:${port}`);
    await assert.rejects(cluster.metadata([]), /speaks HTTP, not Kafka's protocol/);
    await new Promise((resolve) => server.close(resolve));
  });

  test("all requests of one tick leave in one write", async () => {
    await using broker = await FakeBroker.start();
    broker.on(Heartbeat, () => noError);
    const chunks: number[] = [];
    const proxy = createServer((socket) => {
      const up = connect(Number(broker.bootstrapServers.split(":")[1]), "127.0.0.1");
      socket.on("data", (chunk: Buffer) => {
        chunks.push(chunk.length);
        up.write(chunk);
      });
      up.pipe(socket);
      socket.on("close", () => up.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const cluster = clusterOf(`127.0.0.1:${(proxy.address() as { port: number }).port}`);
    await cluster.send("any", Heartbeat, beat(0));
    chunks.length = 0;
    await Promise.all([1, 2, 3].map((generation) => cluster.send("any", Heartbeat, beat(generation))));
    assert.equal(chunks.length, 1);
    await cluster.close();
    await new Promise((resolve) => proxy.close(resolve));
  });
});
