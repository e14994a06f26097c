import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { untidy } from "./tidy.ts";

const everyText = [
  "{src,test,scripts,bin,docs,examples}/**/*.{ts,js,py,java,md,txt,json,xml}",
  "*.{md,json}",
  ".ci/*",
  "test/kafka/kafka",
];

test("the repository keeps its handwriting", () => {
  const files = globSync(everyText, { exclude: ["**/node_modules/**", "docs/api/**"] });
  assert.ok(files.length > 0);
  assert.deepEqual(
    files.flatMap((file) => untidy(file, readFileSync(file, "utf8"))),
    [],
  );
});

const untidyFiles: [why: string, path: string, text: string][] = [
  ["a long file", "src/log/x.ts", "a\n".repeat(501)],
  ["a long line", "src/log/x.ts", "a".repeat(121)],
  ["work left open", "src/log/x.ts", `// TO${"DO"}: later`],
  ["a test that does not run", "test/log/x.test.ts", `test.ski${"p"}("x", () => {})`],
  ["a test that sleeps", "test/log/x.test.ts", `await new Promise((done) => set${"Timeout"}(done, 50))`],
  ["a pause", "test/log/x.test.ts", `import { set${"Timeout"} as pause } from "node:timers/promises";`],
  ["a wait", "test/log/x.test.ts", `await scheduler.wai${"t"}(50)`],
  ["a program of a test that sleeps", "test/interop/clients/x.py", `time.slee${"p"}(1)`],
  ["a check switched off", "src/log/x.ts", `// @ts-ignor${"e"}`],
  ["real time in a pure room", "src/group/x.ts", "const now = Date.now();"],
  ["real chance in a pure room", "src/group/x.ts", "const one = Math.random();"],
  ["printing outside of commands", "src/server/x.ts", `console.log("hello")`],
  ["a name in another style", "src/log/MyFile.ts", ""],
  ["a path of one machine", "docs/x.md", `see ../share${"d"}/house.md`],
];
for (const [why, path, text] of untidyFiles) {
  test(`the tidy test finds ${why}`, () => assert.equal(untidy(path, text).length, 1));
}

test("the tidy test lets tidy code be", () => {
  assert.deepEqual(untidy("src/log/file/segment-index.ts", "export const a = 1;\n"), []);
  assert.deepEqual(untidy("src/cli/serve.ts", "console.log(Date.now());\n"), []);
});
