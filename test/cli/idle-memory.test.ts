import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { IdleWatch } from "../../src/cli/idle-memory.ts";

test("a process is idle after ten looks that find it so, and busy after one", () => {
  const watch = new IdleWatch();
  const looks = (times: number, share: number) => Array.from({ length: times }, () => watch.look(share));
  assert.equal(looks(9, 0.029).includes(true), false);
  assert.deepEqual(looks(2, 0.01), [true, true]);
  assert.deepEqual(looks(1, 0.03), [false]);
  assert.equal(looks(9, 0).includes(true), false);
  assert.deepEqual(looks(1, 0), [true]);
});

/** Makes garbage, for which the young generation grows, too, and waits until most of both has gone. */
const burst = `
  import { getHeapStatistics } from "node:v8";
  import { giveBackWhenIdle } from "./src/cli/idle-memory.ts";
  import { until } from "./test/interop/support/until.ts";
  giveBackWhenIdle(100);
  let kept = [];
  for (let at = 0; at < 2_000_000; at++) kept.push({ at, more: [at] });
  kept = [];
  const held = () => getHeapStatistics().total_heap_size;
  const before = held();
  await until("the heap is small", () => held() < before / 4);
  console.log("given back");
`;

test("what a load has left goes back to the system when the process is idle", { timeout: 60_000 }, async () => {
  // So that it takes no half minute; older ones have no such delays.
  const soon = ["--gc-memory-reducer-start-delay-ms=0", "--memory-reducer-delay-ms=500"];
  const flags = Number(process.versions.node.split(".")[0]) >= 26 ? soon : [];
  const args = [...flags, "--no-warnings", "--input-type=module", "-e", burst];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: `${import.meta.dirname}/../..` });
  assert.equal(stdout, "given back\n");
});
