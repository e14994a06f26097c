import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../src/bench/compare/quiet.ts";

test("a tenth of all processors is what brokers take that are not asked anything", () => {
  const at = (wanted: number) => ({ stolen: 0, wanted });
  assert.ok(isQuiet(at(1000), at(1002), 100, 2)); // 20 ms of 200
  assert.ok(!isQuiet(at(1000), at(1003), 100, 2));
  assert.ok(isQuiet(at(1000), at(1003), 100, 4));
  assert.ok(isQuiet(at(1000), { stolen: 8, wanted: 1010 }, 100, 2), "what the host took is not theirs");
});
