import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { startServer } from "../../src/server/start-server.ts";
import { shellEnvironment } from "./shell-folder.ts";

const readme = new URL("../../README.md", import.meta.url);
const session = /^## The command line$.*?^```console\n(.*?)^```$/ms;

const server = await startServer({
  ephemeral: true,
  config: { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "0" },
});
after(() => server.close());
const env = await shellEnvironment(server.bootstrapServers);

function printed(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile("bash", ["-c", `{ ${command}; } 2>&1`], { env }, (_, stdout) => resolve(stdout));
  });
}

/** Ids and times differ from run to run. */
function comparable(text: string): string {
  return text
    .replaceAll(/ [\w-]{22}$/gm, " <topic id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/\b1[78]\d{11}\b/g, "<time>");
}

test("the README shows what the command line prints (npm test -- readme --update writes it)", async () => {
  const text = await readFile(readme, "utf8");
  const shown = session.exec(text)![1]!;
  let now = "";
  for (const [, command] of shown.matchAll(/^\$ (.*)$/gm)) now += `$ ${command}\n${await printed(command!)}`;
  if (process.env.REGROUP_UPDATE === "1")
    await writeFile(
      readme,
      text.replace(shown, () => now),
    );
  else assert.equal(comparable(shown), comparable(now));
});
