import assert from "node:assert/strict";
import { test } from "node:test";
import { machineRng } from "../../src/server/machine-clock.ts";

test("random bytes are never given twice, however many are asked for at once", () => {
  const seen = new Set<string>();
  const counts = [16, 4095, 16, 4096, 16, 4097, 16];
  for (let round = 0; round < 300; round++) {
    const count = counts[round % counts.length]!;
    const bytes = machineRng.bytes(count);
    assert.equal(bytes.length, count);
    for (let at = 0; at + 8 <= count; at += 8) seen.add(Buffer.from(bytes.subarray(at, at + 8)).toString("hex"));
  }
  const pieces = Array.from({ length: 300 }, (_, round) => Math.floor(counts[round % counts.length]! / 8));
  const asked = pieces.reduce((sum, count) => sum + count, 0);
  assert.equal(seen.size, asked);
});

test("bytes that were given stay as they are", () => {
  const first = machineRng.bytes(16);
  const text = first.toString();
  for (let round = 0; round < 600; round++) machineRng.bytes(16);
  assert.equal(first.toString(), text);
  assert.ok(first.some((byte) => byte !== 0));
});
