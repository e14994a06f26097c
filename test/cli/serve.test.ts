import assert from "node:assert/strict";
import { test } from "node:test";
import { anyPort, RunningBroker, withBroker, withFolder } from "../server/running.ts";

test("serve says in a few lines where it listens, where its data lies, and what to try", async () => {
  await withFolder(async (folder) => {
    await withBroker([...anyPort, "-o", `log.dirs=${folder}`], async (broker) => {
      const port = await broker.port();
      await broker.says(new RegExp(`Its data lies in ${folder}`));
      await broker.says(new RegExp(`npx regroup produce orders hello -b 127\\.0\\.0\\.1:${port}\n`));
      await broker.says(new RegExp(`kcat -b 127\\.0\\.0\\.1:${port} -P -t orders`));
    });
  });
});

test("a config comes from the environment, and the command line goes before it", async () => {
  const environment = { REGROUP_LISTENERS: "PLAINTEXT://127.0.0.1:1", REGROUP_NUM_IO_THREADS: "8" };
  const broker = new RunningBroker(["--ephemeral", ...anyPort], environment);
  assert.ok((await broker.port()) > 1);
  await broker.says(/num\.io\.threads in the environment as REGROUP_NUM_IO_THREADS is not a config/);
  await broker.stop("SIGKILL");
});

test("what the command line cannot mean ends the start with one line", async () => {
  for (const [args, line, exitCode] of [
    [["-o", "num.partitions"], /^regroup: -o num\.partitions: expected key=value\n$/, 2],
    [["--config", "no-such-file"], /^regroup: --config: there is no file no-such-file\n$/, 2],
    [["--log-level", "loud"], /^regroup: option '--log-level <level>' argument 'loud' is invalid\.[^\n]*\n/, 2],
  ] as const) {
    const { code, stderr } = await new RunningBroker(["--ephemeral", ...args]).ended;
    assert.equal(code, exitCode);
    assert.match(stderr, line);
  }
});
