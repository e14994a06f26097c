import assert from "node:assert/strict";
import { test } from "node:test";
import { machineClock } from "../../src/server/machine-clock.ts";

const mostMs = 2 ** 31 - 1; // of Node's timers

test("a delay that Node's timers do not know, as of a config of months, is kept", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let rings = 0;
  const ring = () => void rings++;
  machineClock.after(2 * mostMs + 5, ring);
  const cancel = machineClock.after(2 * mostMs, ring);
  mock.timers.tick(mostMs);
  cancel(); // while it waits for its second half
  mock.timers.tick(mostMs);
  mock.timers.tick(4);
  assert.equal(rings, 0);
  mock.timers.tick(1);
  assert.equal(rings, 1);
});
