import assert from "node:assert/strict";
import type { Pauses } from "../../../src/bench/pauses/party.ts";

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function assertNobodyElsePaused(found: readonly Pauses[]): void {
  for (const { interrupted } of found) assert.equal(interrupted, 0, "what stays is never given up");
  const late = median(found.flatMap(({ stayed }) => stayed));
  assert.ok(late <= 30, `what stays is read as soon as it is written: ${late} ms`);
}
