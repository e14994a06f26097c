/** The thread that sends what latency.ts waits for. */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { nowMs } from "./latencies.ts";
import { countOf, type Plan } from "./latency.ts";
import { Wire } from "./wire.ts";

/** Sends each record when it is due, as exactly as the system wakes a thread; timers only know whole milliseconds. */
async function sendAll({ options, frame }: Plan): Promise<void> {
  const wire = await Wire.open(options.server);
  const begun = once(parentPort!, "message");
  parentPort!.postMessage("connected");
  const [startMs] = (await begun) as [number];
  const count = countOf(options);
  const sleeping = new Int32Array(new SharedArrayBuffer(4));
  let answers = 0;
  const allAnswered = new Promise<void>((resolve) => {
    wire.onAnswer = () => {
      if (++answers === count) resolve();
    };
  });
  for (let sent = 0; sent < count; ) {
    const waitMs = startMs + (sent * 1000) / options.perSecond - nowMs();
    if (waitMs > 0) Atomics.wait(sleeping, 0, 0, Math.min(waitMs, 5));
    else {
      wire.send(frame);
      sent++;
    }
    await new Promise((resolve) => setImmediate(resolve)); // reads answers
  }
  await allAnswered;
  wire.close();
}

await sendAll(workerData as Plan);
