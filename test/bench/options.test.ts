/** What a user may type behind the name of a load, and what of it is refused before anything runs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { countOf } from "../../src/bench/load/latency.ts";
import { runLoad } from "../../src/bench/load/loads.ts";
import { optionsOf, optionValue } from "../../src/bench/load/options.ts";

const valueTo = (flag: string, text: string) => optionValue(flag, text, optionsOf("produce").get(flag)!.like);

test("options that a load cannot run with are refused with what was expected", () => {
  const refused = {
    partitions: ["0", "1.5", "x", "-1", ""],
    seconds: ["0", "x", "1s"],
    "warm-up-seconds": ["x"],
    acks: ["0", "2", "x"],
    compression: ["brotli", "constructor"],
    "bootstrap-server": ["localhost", "localhost:x", "127.0.0.1:70000", ""],
  };
  for (const [flag, texts] of Object.entries(refused)) {
    for (const text of texts) {
      assert.throws(() => valueTo(flag, text), { message: new RegExp(`^--${flag} ${text}: expected `) }, text);
    }
  }
});

test("options that it can run with are taken", () => {
  const taken = [
    ["partitions", "10", 10],
    ["seconds", "0.5", 0.5],
    ["warm-up-seconds", "0", 0],
    ["acks", "all", -1],
    ["acks", "1", 1],
    ["compression", "zstd", "zstd"],
    ["bootstrap-server", "[::1]:9092", "[::1]:9092"],
    ["bootstrap-server", "a:9092,b:9092", "a:9092"],
  ] as const;
  for (const [flag, text, value] of taken) assert.equal(valueTo(flag, text), value, `${flag} ${text}`);
});

test("a rate that gives no whole number of records gives the next larger", () => {
  const options = { server: "", topic: "", valueBytes: 1, perSecond: 3, warmUpSeconds: 0, seconds: 0.5 };
  assert.equal(countOf(options), 2);
});

/** A port where nobody listens: it was free, and is again. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("where nobody listens, and where a load cannot be, one line tells why", async () => {
  const server = `127.0.0.1:${await closedPort()}`;
  const message = `connect ECONNREFUSED ${server}`;
  await assert.rejects(runLoad("produce", { server, topic: "a" }), { message });
  await assert.rejects(runLoad("latency", { server, topic: "a" }), { message });
  await assert.rejects(runLoad("groups", { server, groupId: "a", members: 1, crash: true }), /at least 2 members/);
});

test("the programs that run clients begin nothing where nobody listens", async () => {
  const server = `127.0.0.1:${await closedPort()}`;
  for (const name of ["pauses", "client", "memory"]) {
    const program = join(import.meta.dirname, `../../src/bench/${name}.ts`);
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, ["--expose-gc", program, "--bootstrap-server", server], (error, _, stderr) => {
        resolve({ code: error?.code, stderr });
      });
    });
    assert.deepEqual([code, stderr], [1, `bench: connect ECONNREFUSED ${server}\n`], name);
  }
});

test("idle connections at a server of the user's need its process", async () => {
  const program = join(import.meta.dirname, "../../src/bench/load.ts");
  const args = [program, "connections", "--bootstrap-server", "127.0.0.1:1"];
  const stderr = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, (_, __, told) => resolve(told)),
  );
  assert.match(stderr, /^bench: connections: --pid is missing/);
});
