import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { median } from "../../../src/bench/median.ts";
import type { Pauses } from "../../../src/bench/pauses/party.ts";

const mostRounds = 30;
const lateLimitMs = 30;

export interface Limit {
  readonly rounds: number;
  readonly limitMs: number;
  /** What the limit is about. */
  readonly of: (pauses: Pauses) => readonly number[];
}

/**
 * The median of so many rounds in a row is within the limit; what stays is never given up, in none of them, and is read
 * as soon as it is written. A machine that is busy with other things is given more rounds, and where several programs
 * want each of its processors, as many times the limit.
 */
export async function assertShort({ rounds, limitMs, of }: Limit, measure: () => Promise<Pauses>): Promise<void> {
  const found: Pauses[] = [];
  const lastOnes = (values: (pauses: Pauses) => readonly number[]) => median(found.slice(-rounds).flatMap(values));
  const isShort = () => {
    const wanted = Math.max(1, loadavg()[0]! / availableParallelism());
    return lastOnes(of) <= limitMs * wanted && lastOnes(({ stayed }) => stayed) <= lateLimitMs * wanted;
  };
  while (found.length < rounds || (!isShort() && found.length < mostRounds)) found.push(await measure());
  assert.ok(isShort(), found.map((pauses) => `${Math.round(median(of(pauses)))}`).join(" "));
  for (const { interrupted } of found) assert.equal(interrupted, 0, "what stays is never given up");
}
