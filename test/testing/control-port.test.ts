/** The testing library as other languages use it: a broker process, driven by JSON over HTTP. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Kafka } from "../../src/client/index.ts";
import { RunningBroker } from "../server/running.ts";

const anyPort = ["-o", "listeners=PLAINTEXT://127.0.0.1:0"];

async function started(...flags: string[]) {
  const broker = new RunningBroker(["--ephemeral", ...anyPort, "--control-port", "0", ...flags]);
  const [, url] = await broker.says(/control port is (\S+)/);
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const { body } = await ask("GET", "/");
  const bootstrapServers: string = body.bootstrapServers;
  return { broker, ask, url, bootstrapServers, [Symbol.asyncDispose]: () => broker.stop("SIGKILL").then(() => {}) };
}

function memberOf(bootstrapServers: string, clientId = "worker") {
  return new Kafka({ bootstrapServers, clientId, retryBackoffMs: 5 }).consumer({
    ...{ groupId: "billing", autoOffsetReset: "earliest", autoCommitIntervalMs: 10, valueDeserializer: "string" },
  });
}

suite("the control port", () => {
  test("awaits groups and offsets, and tells what there was when they do not come", async () => {
    await using kafka = await started();
    assert.equal((await kafka.ask("POST", "/topics", { name: "orders", partitions: 2 })).status, 200);
    await kafka.ask("POST", "/topics/orders/records", { records: ["one", { value: "two", partition: 1, key: "k" }] });
    await using member = memberOf(kafka.bootstrapServers);
    await member.subscribe("orders");
    void member.run({ eachRecord: () => {} });
    const stable = await kafka.ask("POST", "/groups/billing/await", { state: "Stable", members: 1, partitions: 2 });
    assert.equal(stable.body.members[0].clientId, "worker");
    const consumed = await kafka.ask("POST", "/topics/orders/await", { consumedBy: "billing" });
    assert.deepEqual(consumed.body.offsets, { orders: { 0: 1, 1: 1 } });
    assert.deepEqual((await kafka.ask("GET", "/topics/orders")).body, { endOffsets: [1, 1], leaders: [1, 1] });
    const [rebalance] = (await kafka.ask("GET", "/groups/billing/rebalances")).body;
    assert.equal(rebalance.toGeneration, 1);

    const late = await kafka.ask("POST", "/groups/billing/await", { state: "Stable", members: 5, timeoutMs: 5 });
    assert.equal(late.status, 408);
    assert.match(
      late.body.error,
      /awaited group billing Stable with 5 members: not within 5 ms\ngroup billing is Stable/,
    );
  });

  test("makes faults, tells how often they hit, and ends them", async () => {
    await using kafka = await started();
    await kafka.ask("POST", "/topics", { name: "orders" });
    const fault = { on: "Produce", topic: "orders", times: 1, fail: "NOT_LEADER_OR_FOLLOWER" };
    const { id } = (await kafka.ask("POST", "/faults", fault)).body;
    await using producer = new Kafka({ bootstrapServers: kafka.bootstrapServers, retryBackoffMs: 5 }).producer();
    await producer.send({ topic: "orders", value: "one" });
    assert.equal((await kafka.ask("POST", `/faults/${id}/await`, { hits: 1 })).status, 200);
    assert.deepEqual((await kafka.ask("GET", `/faults/${id}`)).body, { hits: 1 });
    const failed = await kafka.ask("GET", "/requests?api=Produce&error=NOT_LEADER_OR_FOLLOWER");
    assert.equal(failed.body.length, 1);
    for (const what of [{ delay: "1ms" }, { drop: "before" }, { blackHole: true }, { throttle: 1 }, { hold: true }]) {
      const made = await kafka.ask("POST", "/faults", { on: "Heartbeat", ...what });
      assert.equal((await kafka.ask("DELETE", `/faults/${made.body.id}`)).status, 200);
    }
    assert.equal((await kafka.ask("DELETE", "/faults")).status, 200);
  });

  test("moves time, leaders and coordinators, and crashes the broker", async () => {
    await using kafka = await started("--clock", "virtual", "--nodes", "2", "--seed", "3");
    await kafka.ask("POST", "/topics", { name: "orders" });
    const before = (await kafka.ask("GET", "/")).body.clock.monotonicMs;
    const advanced = await kafka.ask("POST", "/clock/advance", { by: "45s" });
    assert.equal(advanced.body.monotonicMs, before + 45_000);
    const [leader] = (await kafka.ask("GET", "/topics/orders")).body.leaders;
    await kafka.ask("POST", "/topics/orders/partitions/0/move-leader", {});
    assert.deepEqual((await kafka.ask("GET", "/topics/orders")).body.leaders, [3 - leader]);
    assert.equal((await kafka.ask("POST", "/groups/billing/move-coordinator", { to: 2 })).status, 200);
    await kafka.ask("POST", "/topics/orders/records", { records: ["one"] });
    await kafka.ask("POST", "/crash", { unsynced: "lost" });
    assert.match((await kafka.ask("GET", "/topics/orders")).body.error, /not running: restart/);
    await kafka.ask("POST", "/restart");
    assert.deepEqual((await kafka.ask("GET", "/topics/orders")).body.endOffsets, [1]);
  });

  test("says what it does not understand", async () => {
    await using kafka = await started();
    for (const [method, path, body, status, error] of [
      ["GET", "/nothing", undefined, 404, /no such route/],
      ["POST", "/faults", { on: "Fetch" }, 400, /expected one of fail, delay/],
      ["POST", "/faults", { on: "Fetch", fail: "NO_SUCH" }, 400, /NO_SUCH is no error of Kafka's/],
      ["POST", "/faults", { on: "Fetch", drop: "before", often: 2 }, 400, /often: expected one of on, group/],
      ["POST", "/crash", { unsynced: "some" }, 400, /unsynced: expected "kept" or "lost"/],
      ["POST", "/clock/advance", { by: "45s" }, 400, /runs in real time/],
      ["POST", "/groups/g/await", { state: "Odd" }, 400, /expected state/],
    ] as const) {
      const answer = await kafka.ask(method, path, body);
      assert.equal(answer.status, status, path);
      assert.match(answer.body.error, error);
    }
  });

  test("is for this machine only, and goes with the broker", async () => {
    await using kafka = await started();
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      request(kafka.url!, { headers: { host: "evil.example" } }, ({ statusCode }) => resolve(statusCode)).end();
    });
    assert.equal(status, 403);
    const { code } = await kafka.broker.stop("SIGTERM");
    assert.equal(code, 0);
    await assert.rejects(fetch(kafka.url!));
  });
});

test("flags that cannot be together end the start with one line", async () => {
  for (const [flags, line] of [
    [["--control-port", "0"], /--control-port goes with --ephemeral only/],
    [["--ephemeral", "--clock", "virtual"], /--clock, --nodes, --seed go with --control-port/],
    [["--ephemeral", "--control-port", "0", "-o", "listeners=PLAINTEXT://:0"], /it is PLAINTEXT:\/\/127\.0\.0\.1:PORT/],
    [["--ephemeral", ...anyPort, "--control-port", "0", "-o", "node.id=2"], /node\.id: a test's broker takes port/],
  ] as const) {
    const { code, stderr } = await new RunningBroker(flags).ended;
    assert.equal(code, 2);
    assert.match(stderr, line);
  }
});
