/** The file engine is killed all along what it writes: what it acknowledged is there afterwards, nothing strange. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiskFile, OpenMode } from "../../src/log/disk.ts";
import type { PartitionLog } from "../../src/log/log.ts";
import { type Crash, MemoryDisk } from "../../src/log/memory-disk.ts";
import { sampleBatch } from "./batches.ts";
import { forgetLost, nothingSeen, open, runUntilDeath, send, verify, workload } from "./workload.ts";

/** With 1 every byte is tried, for minutes: REGROUP_TEST_STEP_BYTES=1 node --test test/log/recovery.test.ts */
const stepBytes = Number(process.env.REGROUP_TEST_STEP_BYTES ?? 199);
const synced = { flushIntervalMessages: 1 };
const leftToSystem = { flushIntervalMessages: 1000 };
let random = 1;
const coin = () => {
  random = (random * 48271) % 2147483647;
  return random % 2 === 0;
};

/** It notes after how many bytes each write of the journal began and ended. */
class NotingDisk extends MemoryDisk {
  readonly groups: (readonly [number, number])[] = [];

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".journal") || mode === "read-write") return file; // it is being made
    const writeNow: DiskFile["writeNow"] = (position, pieces) => {
      const { bytesWritten } = this;
      file.writeNow(position, pieces);
      this.groups.push([bytesWritten, this.bytesWritten]);
    };
    return { ...file, writeNow, write: async (position, pieces) => writeNow(position, pieces) };
  }
}

/** After how many bytes the disk dies: in any case at each byte of the last group, which is of two partitions. */
function* deaths({ bytesWritten, groups }: NotingDisk): Generator<number> {
  for (let bytes = 1; bytes <= bytesWritten; bytes += stepBytes) yield bytes;
  const [from, to] = groups.at(-1)!;
  for (let bytes = from; bytes <= to + 1; bytes++) yield bytes;
}

for (const [name, crash, options, exact] of [
  ["the process is killed", { kind: "kill" }, synced, true],
  ["the power fails", { kind: "power" }, synced, true],
  ["the power fails and some unsynced writes survive", { kind: "power", survives: coin }, synced, true],
  ["the process is killed, left to the system", { kind: "kill" }, leftToSystem, true],
  ["the power fails, left to the system", { kind: "power" }, leftToSystem, false],
  [
    "the power fails and some unsynced writes survive, left to the system",
    { kind: "power", survives: coin },
    leftToSystem,
    false,
  ],
] as const satisfies readonly (readonly [string, Crash, object, boolean])[]) {
  test(`${exact ? "every acknowledged append survives" : "the log ends where it once ended"}: ${name}`, async () => {
    const whole = new NotingDisk();
    await runUntilDeath(whole, options);
    for (const bytes of deaths(whole)) {
      const disk = new MemoryDisk({ diesAfterBytes: bytes });
      const seen = await runUntilDeath(disk, options);
      const next = disk.crash(crash);
      const all = await open(next, options).catch((error: unknown) =>
        assert.fail(`after ${bytes} bytes: ${(error as Error).stack}`),
      );
      await verify(all, seen, exact).catch((error: unknown) =>
        assert.fail(`after ${bytes} bytes: ${(error as Error).stack}`),
      );
      await all.close();
    }
  });
}

test("recovery itself may be killed at any byte, and the power may fail after that", async () => {
  const whole = new MemoryDisk();
  await runUntilDeath(whole, synced);
  for (let bytes = 100; bytes <= whole.bytesWritten; bytes += 1997) {
    const disk = new MemoryDisk({ diesAfterBytes: bytes });
    const first = await runUntilDeath(disk, synced);
    const measured = disk.crash({ kind: "kill" });
    await (await open(measured)).close();
    for (let second = 1; second <= measured.bytesWritten; second += 3 * stepBytes) {
      const seen = structuredClone(first);
      const dying = disk.crash({ kind: second % 2 === 0 ? "kill" : "power" }, { diesAfterBytes: second });
      const recovered = await open(dying).catch(() => undefined); // or it dies here
      if (recovered !== undefined) forgetLost(recovered, seen); // it was never promised
      for (const { topic, partition } of recovered?.partitions() ?? []) {
        const log = recovered!.get(topic, partition)!;
        await send(log, seen, 1, "late").catch(() => undefined);
      }
      await recovered?.close().catch(() => undefined);
      const all = await open(dying.crash({ kind: "power" }));
      await verify(all, seen, true).catch((error: unknown) =>
        assert.fail(`after ${bytes} and ${second} bytes: ${(error as Error).stack}`),
      );
      await all.close();
    }
  }
});

test("a failed write is final: what is pending is rejected, nothing more taken, the broker told once", async () => {
  let failures = 0;
  for (let failsAt = 1; failsAt < 40; failsAt++) {
    const told: Error[] = [];
    const disk = new MemoryDisk({ failsAt });
    const all = await open(disk, { onFailure: (error: Error) => told.push(error) }).catch(() => undefined);
    if (all === undefined) continue; // it failed while it opened
    const seen = nothingSeen();
    const error = await workload(all, seen).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    if (error === undefined) continue;
    failures++;
    assert.equal(told.length, 1);
    for (const { topic, partition } of all.partitions()) {
      const log: PartitionLog = all.get(topic, partition)!;
      assert.deepEqual(log.append(sampleBatch(), { leaderEpoch: 1, wallMs: 1 }), { ok: false, refusal: "failed" });
    }
    await assert.rejects(all.clean(1), { name: "LogError", kind: "failed" });
    await all.close();
    const next = await open(disk.crash({ kind: "power" }));
    await verify(next, seen, true);
    await next.close();
  }
  assert.ok(failures > 20, `${failures} failures were seen`);
});
