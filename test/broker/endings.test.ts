import assert from "node:assert/strict";
import { test } from "node:test";
import { Endings } from "../../src/broker/endings.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { isParked } from "./harness.ts";

test("an end that comes before it is waited for counts", async () => {
  const endings = new Endings(new VirtualClock());
  const ending = endings.of("tx");
  endings.tell("tx");
  assert.equal(await isParked(ending.within(100)), false);
});

test("only the end of the same id is waited for, and only for so long", async () => {
  const clock = new VirtualClock();
  const endings = new Endings(clock);
  const waiting = endings.of("tx").within(100);
  const other = endings.of("other").within(100);
  endings.tell("other");
  assert.deepEqual([await isParked(other), await isParked(waiting)], [false, true]);
  await clock.advance(100);
  assert.equal(await isParked(waiting), false);
});

test("who forgets an end leaves nothing behind, and takes it from nobody else", async () => {
  const clock = new VirtualClock();
  const endings = new Endings(clock);
  const first = endings.of("tx");
  const second = endings.of("tx");
  first.forget();
  const waiting = second.within(100);
  endings.tell("tx");
  assert.equal(await isParked(waiting), false);
  assert.equal(clock.pendingAlarms, 0);
});

test("when the broker stops nobody waits any longer, whatever the id", async () => {
  const clock = new VirtualClock();
  const endings = new Endings(clock);
  const waiting = endings.of("tx").within(100);
  const notYet = endings.of("other");
  endings.stop();
  assert.deepEqual([await isParked(waiting), await isParked(notYet.within(100))], [false, false]);
  assert.equal(clock.pendingAlarms, 0);
});
