import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue, type SimulatedEvent } from "../../src/simulation/events.ts";
import { Random } from "../../src/simulation/random.ts";

test("events come in the order of time, those of one moment as they were asked for, none that was called off", () => {
  const random = new Random(1);
  for (let world = 0; world < 20; world++) {
    const queue = new EventQueue();
    const waiting: SimulatedEvent[] = []; // in the order in which they were asked for
    for (let step = 0; step < 1000; step++) {
      if (random.chance(0.55)) {
        waiting.push(queue.add(random.int(0, 50), () => {}));
      } else if (random.chance(0.3) && waiting.length > 0) {
        random.pick(waiting).run = undefined;
      } else {
        const live = waiting.filter(({ run }) => run !== undefined);
        const first = live.reduce<SimulatedEvent | undefined>(
          (found, each) => (found === undefined || each.atMs < found.atMs ? each : found),
          undefined,
        );
        assert.equal(queue.next(), first);
        if (first !== undefined) waiting.splice(waiting.indexOf(first), 1);
      }
    }
  }
});
