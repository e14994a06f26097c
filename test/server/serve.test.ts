import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { anyPort, apiVersionsFrame, RawClient, RunningBroker, withBroker, withFolder } from "./running.ts";

test("requests sent in one piece are answered in their order", async () => {
  await withBroker(["--ephemeral", ...anyPort], async (broker) => {
    const client = new RawClient(await broker.port());
    client.send([1, 2, 3].map(apiVersionsFrame).join(""));
    const size = (await client.receivesBytes(4)).readInt32BE(0) + 4;
    const answers = await client.receivesBytes(3 * size);
    assert.deepEqual(
      [0, 1, 2].map((at) => answers.readInt32BE(at * size + 4)),
      [1, 2, 3],
    );
    client.socket.destroy();
  });
});

test("what is no Kafka request is named in the log and disconnected", async () => {
  await withBroker(["--ephemeral", ...anyPort, "-o", "socket.request.max.bytes=1000"], async (broker) => {
    const port = await broker.port();
    const strangers: [hex: string, says: RegExp][] = [
      ["16030100f8010000", /it speaks TLS, this port speaks Kafka's protocol in plain text/],
      [Buffer.from("GET / HTTP/1.1\r\n\r\n").toString("hex"), /it speaks HTTP/],
      ["00000fa000000000", /it announces a request of 4000 bytes, socket.request.max.bytes is 1000/],
      ["0000000a03e7000000000001ffff", /API 999 is not served in version 0/],
    ];
    for (const [hex, says] of strangers) {
      const client = new RawClient(port);
      client.send(hex);
      await client.closed;
      await broker.says(says);
    }
  });
});

test("max.connections.per.ip refuses who comes too many", async () => {
  await withBroker(["--ephemeral", ...anyPort, "-o", "max.connections.per.ip=1"], async (broker) => {
    const port = await broker.port();
    const first = new RawClient(port);
    first.send(apiVersionsFrame(1));
    await first.receivesBytes(4);
    await new RawClient(port).closed;
    await broker.says(/a client is refused: max.connections.per.ip is 1/);
    first.socket.destroy();
  });
});

test("beyond max.connections a client waits until another goes, beyond the backlog it is closed", async () => {
  const limits = ["-o", "max.connections=1", "-o", "socket.listen.backlog.size=2"];
  await withBroker(["--ephemeral", ...anyPort, ...limits], async (broker) => {
    const port = await broker.port();
    const connected = async () => {
      const client = new RawClient(port);
      client.send(apiVersionsFrame(1));
      await once(client.socket, "connect");
      return client;
    };
    const [first, second, third] = [await connected(), await connected(), await connected()];
    await (await connected()).closed;
    await first.receivesBytes(4);
    assert.equal(second.received.length + third.received.length, 0);
    first.socket.destroy();
    await second.receivesBytes(4);
    assert.equal(third.received.length, 0);
    second.socket.destroy();
    await third.receivesBytes(4);
    third.socket.destroy();
  });
});

test("an idle client is disconnected after connections.max.idle.ms", async () => {
  await withBroker(["--ephemeral", ...anyPort, "-o", "connections.max.idle.ms=50"], async (broker) => {
    await new RawClient(await broker.port()).closed;
    await broker.says(/it was idle for connections.max.idle.ms/);
  });
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends the broker with 0, and its folder is clean`, async () => {
    await withFolder(async (folder) => {
      const broker = new RunningBroker([...anyPort, "-o", `log.dirs=${folder}`]);
      const client = new RawClient(await broker.port());
      client.send(apiVersionsFrame(1));
      await client.receivesBytes(4);
      const { code } = await broker.stop(signal);
      assert.equal(code, 0);
      await client.closed;
      assert.ok((await readdir(folder)).includes("checkpoint"));
    });
  });
}

test("a second broker on the port gets one clear line and exit code 1", async () => {
  await withBroker(["--ephemeral", ...anyPort], async (first) => {
    const port = await first.port();
    const { code, stdout, stderr } = await new RunningBroker([
      "--ephemeral",
      "-o",
      `listeners=PLAINTEXT://127.0.0.1:${port}`,
    ]).ended;
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^regroup: 127\\.0\\.0\\.1:${port} is taken: another broker[^\\n]*\\n$`));
  });
});

test("a second broker on the folder gets one clear line and exit code 1", async () => {
  await withFolder(async (folder) => {
    const at = [...anyPort, "-o", `log.dirs=${folder}`];
    await withBroker(at, async (first) => {
      await first.port();
      const { code, stderr } = await new RunningBroker(at).ended;
      assert.equal(code, 1);
      assert.match(stderr, /^regroup: \S+ is in use by process \d+[^\n]*\n$/);
    });
  });
});

test("a folder that cannot be made gets one clear line and exit code 1", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const { code, stderr } = await new RunningBroker([...anyPort, "-o", `log.dirs=${file}/data`]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^regroup: log\.dirs: \S+\/file\/data cannot be used: ENOTDIR[^\n]*\n$/);
  });
});

test("a wrong config ends the start with its place and the reason", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "server.properties");
    await writeFile(file, "# mine\nnum.partitions=3\nlisteners=PLAINTEXT:/127.0.0.1:9092\n");
    const { code, stderr } = await new RunningBroker(["--ephemeral", "--config", file]).ended;
    assert.equal(code, 2);
    const [line] = stderr.split("\n");
    assert.equal(
      line,
      'regroup: listeners: "PLAINTEXT:/127.0.0.1:9092" in server.properties, line 3: expected NAME://HOST:PORT',
    );
  });
});

test("every interface cannot be what clients are told to connect to", async () => {
  const { code, stderr } = await new RunningBroker(["--ephemeral", "-o", "listeners=PLAINTEXT://0.0.0.0:0"]).ended;
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^regroup: advertised\.listeners: PLAINTEXT is bound to 0\.0\.0\.0, which no client can connect to/,
  );
});

test("several listeners are open at once, each told as itself", async () => {
  const listeners = "listeners=INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0";
  const protocols = "listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT";
  await withBroker(["--ephemeral", "-o", listeners, "-o", protocols], async (broker) => {
    const ports = (await broker.says(/INSIDE:\/\/127\.0\.0\.1:(\d+), OUTSIDE:\/\/127\.0\.0\.1:(\d+)/)).slice(1);
    for (const port of ports.map(Number)) {
      const client = new RawClient(port);
      client.send("0000000e00030001000000010000ffffffff"); // Metadata version 1, all topics
      const answer = await client.receivesBytes(40);
      const host = answer.subarray(18, 27).toString();
      assert.deepEqual([host, answer.readInt32BE(27)], ["127.0.0.1", port]);
      client.socket.destroy();
    }
  });
});
