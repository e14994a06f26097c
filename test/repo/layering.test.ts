import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { againstTheArrows } from "./layering.ts";

test("imports in src/ follow the arrows between the rooms", () => {
  const files = globSync("src/**/*.ts");
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.flatMap((file) => againstTheArrows(file, readFileSync(file, "utf8"))),
    [],
  );
});

const forbidden: [why: string, path: string, source: string][] = [
  ["an arrow up", "src/log/x.ts", `import { a } from "../coordinator/machine.ts";`],
  ["an imported type", "src/protocol/x.ts", `import type { Log } from "../log/log.ts";`],
  ["a re-export", "src/group/x.ts", `export * from "../metadata/topics.ts";`],
  ["a lazy import", "src/group/x.ts", `const later = await import("../broker/broker.ts");`],
  ["Node in a pure room", "src/broker/handlers/x.ts", `import { readFileSync } from "node:fs";`],
  ["a package in a pure room", "src/group/x.ts", `import pino from "pino";`],
  ["a coordinator that looks behind the log's port", "src/coordinator/x.ts", `import "../log/file/engine.ts";`],
  ["an import over several lines", "src/log/x.ts", `import {\n  a,\n  b,\n} from "../group/classic/group.ts";`],
  ["a room within a room that looks out", "src/client/member/x.ts", `import "../connection.ts";`],
  ["a room that nobody planned", "src/utils/x.ts", ""],
];
for (const [why, path, source] of forbidden) {
  test(`the layering test finds ${why}`, () => assert.equal(againstTheArrows(path, source).length, 1));
}

const allowed: [why: string, path: string, source: string][] = [
  ["an arrow down", "src/group/classic/x.ts", `import { Timer } from "../../coordinator/timers.ts";`],
  ["a neighbour in the same room", "src/log/file/x.ts", `import { Segment } from "./segment.ts";`],
  ["the log's port for the coordinator", "src/coordinator/x.ts", `import type { Log } from "../log/log.ts";`],
  ["Node where a room touches the machine", "src/server/x.ts", `import net from "node:net";`],
  ["the way into a room within a room", "src/client/x.ts", `import "./member/member.ts";`],
  ["words in comments", "src/log/x.ts", `/** from "../broker/x.ts" */\n// import "node:fs"\n`],
];
for (const [why, path, source] of allowed) {
  test(`the layering test allows ${why}`, () => assert.deepEqual(againstTheArrows(path, source), []));
}
