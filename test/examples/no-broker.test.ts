/** Who begins without a broker is told so, by each program of `examples/`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

const examples = join(import.meta.dirname, "../../examples");
const nobodyThere = "127.0.0.1:1";
/** The others are parts of them. */
const programs = globSync("*/*.ts", { cwd: examples }).filter((file) => isProgram(join(examples, file)));

suite("an example that finds no broker", { concurrency: true }, () => {
  test("there are examples", () => assert.ok(programs.length >= 8, programs.join()));

  for (const program of programs) {
    test(`${program} says in one line where it looked and how to start one`, async () => {
      const { code, stderr } = await run(program);
      assert.equal(code, 1);
      assert.match(stderr, /^No broker answers at 127\.0\.0\.1:1; start one .*: npm start -- --ephemeral\n$/);
    });
  }
});

function isProgram(file: string): boolean {
  return !/^export /m.test(readFileSync(file, "utf8"));
}

function run(program: string): Promise<{ code: unknown; stderr: string }> {
  const env = { ...process.env, REGROUP_BOOTSTRAP_SERVERS: nobodyThere };
  return new Promise((resolve) => {
    execFile(join(examples, "run"), [join(examples, program)], { env, timeout: 20_000 }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
}
