/** The recipes of docs/testing.md in Python, through the control port. */
import { test } from "node:test";
import { RunningBroker } from "../server/running.ts";
import { python } from "./support/libraries.ts";
import { run } from "./support/tools.ts";

test("a Python test drives the broker through its control port", async (t) => {
  const listener = ["-o", "listeners=PLAINTEXT://127.0.0.1:0"];
  const broker = new RunningBroker(["--ephemeral", ...listener, "--control-port", "0"]);
  t.after(() => broker.stop("SIGKILL"));
  const [, url] = await broker.says(/control port is (\S+)/);
  await run(python, ["test/testing/recipes/confluent-kafka.py", url!]);
});
