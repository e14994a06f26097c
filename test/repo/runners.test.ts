/** The suites with commands of their own, when they are called wrongly or asked what they are. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

function run(program: string, args: readonly string[]) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test("a suite says what it is", async () => {
  const { code, stdout, stderr } = await run("test/conformance/run.ts", ["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^npm run conformance -- --against kafka\|regroup/);
});

for (const [name, program, args, says] of [
  ["an option that it does not know", "test/conformance/run.ts", ["--again"], /^conformance: Unknown option '--again'/],
  ["a number that is none", "test/crash/run.ts", ["--cycles", "many"], /^crash: --cycles many: expected a number\n/],
  ["a part of a number", "test/crash/run.ts", ["--cycles", "1.5"], /^crash: --cycles 1.5: expected a whole number of/],
  ["a number of none", "test/crash/run.ts", ["--cycles", "0"], /^crash: --cycles 0: expected a /],
  [
    "a word that it does not know",
    "test/conformance/run.ts",
    ["--against", "x"],
    /^conformance: --against x: expected/,
  ],
  ["a word that is missing", "test/conformance/run.ts", [], /^conformance: --against: expected kafka or regroup\n/],
] as const) {
  test(`a suite refuses ${name}, in words`, async () => {
    const { code, stdout, stderr } = await run(program, args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, says);
    assert.match(stderr, /\nTry --help\n$/);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
}

test("all of them read their options in the same way, and begin with what they are", () => {
  const programs = globSync(["{src,test,scripts}/**/*.ts", "scripts/*.js"], {
    cwd: root,
    exclude: ["**/node_modules"],
  });
  const sources = programs.map((program) => [program, readFileSync(join(root, program), "utf8")] as const);
  const alone = sources.filter(([, source]) => /\bparseArgs\(/.test(source)).map(([program]) => program);
  assert.deepEqual(alone, ["src/bench/flags.ts"]);
  const own = sources.filter(([, source]) => /^import \{.*\bread(Flags|CommandLine)\b.*flags\.ts/m.test(source));
  assert.ok(own.length > 10);
  for (const [program, source] of own) assert.match(source, /^\/\*\*/, program);
});
