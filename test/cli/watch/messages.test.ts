import assert from "node:assert/strict";
import { test } from "node:test";
import { holdMessages, say } from "../../../src/cli/messages.ts";

test("messages wait while a screen is shown, and are said behind it", (t) => {
  const written: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => written.push(text) > 0);
  const sayHeld = holdMessages();
  say("a connection ended");
  assert.deepEqual(written, []);
  sayHeld();
  say("later");
  assert.deepEqual(written, ["a connection ended\n", "later\n"]);
});
