/** Each operation of the disk fails in turn, once or from then on: nothing acknowledged goes, nothing shown goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../../src/log/config.ts";
import type { Log } from "../../../src/log/log.ts";
import { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { sampleBatch } from "../batches.ts";
import { orders } from "../conformance.ts";
import { nothingSeen, open, promiseWhatIsShown, verify, workload } from "../workload.ts";
import { type Fault, FaultyDisk, type Kind } from "./faulty-disk.ts";

interface Way {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly fault: Fault;
  /** The disk goes on to refuse. */
  readonly lasts?: true;
}

const all: readonly Kind[] = ["open", "write", "truncate", "replace", "rename", "remove", "makeFolder", "syncFolder"];
const ways: readonly Way[] = [
  { name: "EIO on a write of which nothing arrives", kinds: ["write"], fault: { code: "EIO" } },
  { name: "EIO on a write of which a part arrives", kinds: ["write"], fault: { code: "EIO", arrives: 50 } },
  {
    name: "EIO on a write that the system goes on showing, though it never gets to the disk",
    kinds: ["write"],
    fault: { code: "EIO", arrives: 1 << 20, dropsPages: true },
  },
  { name: "EIO on a sync, the pages kept", kinds: ["sync"], fault: { code: "EIO" } },
  { name: "EIO on a sync, the pages given up", kinds: ["sync"], fault: { code: "EIO", dropsPages: true } },
  { name: "ENOSPC from a short write on", kinds: all, fault: { code: "ENOSPC", arrives: 70 }, lasts: true },
  { name: "a rename that fails", kinds: ["rename", "replace"], fault: { code: "EIO" } },
  {
    name: "a file or folder that is not made, cut, or removed",
    kinds: ["open", "truncate", "makeFolder", "syncFolder", "remove"],
    fault: { code: "EIO" },
  },
];

/** @returns undefined when the disk was not asked for so many operations of these kinds. */
async function runWith(way: Way, number: number, options: object) {
  let left = number;
  const faultOf = (kind: Kind) => {
    if (!way.kinds.includes(kind)) return undefined;
    left--;
    return left === 0 || (left < 0 && way.lasts) ? way.fault : undefined;
  };
  const disk = new MemoryDisk();
  const seen = nothingSeen();
  const told: Error[] = [];
  const onFailure = (error: Error) => told.push(error);
  const log = await open(new FaultyDisk(disk, faultOf), { ...options, onFailure }).catch(() => undefined);
  const error = log && (await workload(log, seen).catch((reason: unknown) => reason as Error));
  assert.ok(told.length <= 1, "the failure is told once");
  if (log !== undefined && told.length === 1) await failed(log);
  await log?.close().catch(() => undefined);
  return left > 0 ? undefined : { disk, seen, error };
}

/** A log that failed takes nothing more. */
async function failed(log: Log): Promise<void> {
  for (const { topic, partition } of log.partitions()) {
    const answer = log.get(topic, partition)!.append(sampleBatch(), { leaderEpoch: 1, wallMs: 1 });
    assert.deepEqual(answer, { ok: false, refusal: "failed" });
  }
  await assert.rejects(log.clean(1), { name: "LogError", kind: "failed" });
}

for (const way of ways) {
  test(`${way.name}: what was acknowledged is there, and what is shown afterwards stays`, async () => {
    let runs = 0;
    for (;;) {
      const run = await runWith(way, runs + 1, {});
      if (run === undefined) break;
      runs++;
      const { disk, seen } = run;
      const doing = async () => {
        const killed = disk.crash({ kind: "kill" });
        const next = await open(killed);
        await verify(next, seen, true);
        promiseWhatIsShown(next, seen);
        const last = await open(killed.crash({ kind: "power" }));
        await verify(last, seen, true);
        await last.close();
      };
      await doing().catch((error: Error) => assert.fail(`operation ${runs}: ${error.stack}`));
    }
    assert.ok(runs > 3, `${runs} operations failed`);
  });
}

for (const way of ways) {
  test(`left to the system, ${way.name}: what was acknowledged is there, but for a power failure`, async () => {
    const leftToSystem = { flushIntervalMessages: 1000 };
    let runs = 0;
    for (let run = await runWith(way, 1, leftToSystem); run; run = await runWith(way, runs + 1, leftToSystem)) {
      runs++;
      const { disk, seen } = run;
      const doing = async () => {
        const power = await open(disk.after({ kind: "power" }), leftToSystem);
        await verify(power, structuredClone(seen), false);
        await power.close();
        const next = await open(disk.crash({ kind: "kill" }), leftToSystem);
        await verify(next, seen, true);
        await next.close();
      };
      await doing().catch((error: Error) => assert.fail(`operation ${runs}: ${error.stack}`));
    }
    assert.ok(runs > 3, `${runs} operations failed`);
  });
}

test("who waits for what the disk did not take hears that it is forgotten", async () => {
  let isBroken = false;
  const faultOf = (kind: Kind): Fault | undefined => (isBroken && kind === "write" ? { code: "EIO" } : undefined);
  const log = await open(new FaultyDisk(new MemoryDisk(), faultOf), { onFailure: () => undefined });
  const partition = await log.create(orders, defaultLogConfig);
  partition.becomeLeader(1);
  isBroken = true;
  const answer = partition.append(sampleBatch(), { leaderEpoch: 1, wallMs: 1 });
  assert.ok(answer.ok);
  assert.ok(partition.logEndOffset > 0);
  const heard = new Promise<number>((resolve) => partition.watch(() => resolve(partition.logEndOffset)));
  await assert.rejects(answer.durable);
  assert.equal(await heard, 0);
  assert.equal(await partition.maxTimestamp(), undefined);
  await log.close().catch(() => undefined);
});
