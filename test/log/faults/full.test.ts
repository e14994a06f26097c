/** The disk is full: what is there is read on, nothing is taken, and the next life goes on when there is room again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLogConfig } from "../../../src/log/config.ts";
import { MemoryDisk } from "../../../src/log/memory-disk.ts";
import { sampleBatch } from "../batches.ts";
import { accepted, put, readAll, valuesOf } from "../conformance.ts";
import { open } from "../workload.ts";
import { FaultyDisk, type Kind } from "./faulty-disk.ts";

const at = { topic: "a", partition: 0, topicId: "id-a" };
const grows: readonly Kind[] = ["write", "replace", "makeFolder"];

for (const [name, flushIntervalMessages, fullPath] of [
  ["the journal finds no room", 1, /journal$/],
  ["the journal finds no room, left to the system", 1000, /journal$/],
  ["segments find no room", 1, /log$|checkpoint$/],
  ["segments find no room, left to the system", 1000, /log$|checkpoint$/],
] as const) {
  test(`${name}: acknowledged records are read, later ones refused and never shown`, async () => {
    const disk = new MemoryDisk();
    let isFull = false;
    const told: Error[] = [];
    const faultOf = (kind: Kind, path: string) =>
      isFull && grows.includes(kind) && fullPath.test(path) ? ({ code: "ENOSPC", arrives: 33 } as const) : undefined;
    const onFailure = (error: Error) => told.push(error);
    const all = await open(new FaultyDisk(disk, faultOf), { flushIntervalMessages, onFailure });
    const log = await all.create(at, { ...defaultLogConfig, segmentBytes: 400 });
    log.becomeLeader(3);
    const options = { leaderEpoch: 3, wallMs: 1 };
    for (let index = 0; index < 6; index++) await put(log, { values: [`v${index}`] }, options);

    isFull = true;
    let acknowledged = 6;
    for (let count = 0; told.length === 0; count++) {
      const sent = log.append(sampleBatch({ values: [`later ${count}`] }), options);
      if (sent.ok)
        acknowledged += await sent.durable.then(
          () => 1,
          () => 0,
        );
      await all.clean(1).catch(() => undefined);
    }
    assert.match(told[0]!.message, /ENOSPC/);
    assert.deepEqual(log.append(sampleBatch(), options), { ok: false, refusal: "failed" });
    assert.deepEqual([log.logEndOffset, log.highWatermark], [acknowledged, acknowledged]);
    const values: (string | null)[] = [];
    while (values.length < acknowledged) values.push(...valuesOf(await readAll(log, values.length, 1 << 20)));
    assert.deepEqual(values.slice(0, 6), ["v0", "v1", "v2", "v3", "v4", "v5"]);
    assert.equal(values.length, acknowledged);
    assert.equal(await log.read(acknowledged + 1, { maxBytes: 1, atLeastOne: true, upTo: "log-end" }), undefined);
    log.becomeLeader(4); // a coordinator that loads again leads anew
    assert.equal(log.leaderEpoch, 4);

    await all.close();
    const next = await open(disk.crash({ kind: "kill" }), { flushIntervalMessages });
    const found = next.get("a", 0)!;
    assert.ok(found.logEndOffset >= acknowledged);
    const again: (string | null)[] = [];
    while (again.length < found.logEndOffset) again.push(...valuesOf(await readAll(found, again.length)));
    assert.deepEqual(again.slice(0, acknowledged), values);
    await accepted(found.append(sampleBatch(), { leaderEpoch: 5, wallMs: 1 })).durable;
    await next.close();
  });
}
