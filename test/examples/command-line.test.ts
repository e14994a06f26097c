/** What the README shows of the command line, typed once more. */
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../src/server/start-server.ts";
import { walkThrough } from "./support/walk.ts";

const root = join(import.meta.dirname, "../..");

test("the command line prints what the README says", async () => {
  // One of its own: all its groups are listed.
  const config = { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "0" };
  const server = await startServer({ ephemeral: true, config });
  const rewrite = (line: string) => line.replace(/^regroup (?=[a-z-]+ )/, `${root}/bin/regroup.js `);
  await walkThrough(join(root, "README.md"), { bootstrapServer: server.bootstrapServers, rewrite });
  await server.close();
});
