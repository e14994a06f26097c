import assert from "node:assert/strict";
import { test } from "node:test";
import { growingPercent } from "../../src/server/heap-growth.ts";

const megabyte = 1024 * 1024;

test("a small heap may grow by a fixed room, a large one is left to V8", () => {
  assert.equal(growingPercent(8 * megabyte), 400);
  assert.equal(growingPercent(16 * megabyte), 200);
  assert.equal(growingPercent(32 * megabyte), 0);
  assert.equal(growingPercent(4096 * megabyte), 0);
});
