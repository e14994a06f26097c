/** What control batches say, and what readers skip. */
import { type BatchOut, batches } from "./batch.ts";
import type { Value } from "./codec.ts";

/** Attributes of a batch. */
export const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The marker that a batch is, or undefined. */
export function markerOf(found: BatchOut): { type: "COMMIT" | "ABORT"; coordinatorEpoch: number } | undefined {
  if ((found.attributes & CONTROL) === 0) return undefined;
  const [{ keyBytes, valueBytes }] = found.records as [BatchOut["records"][number]];
  const type = (["ABORT", "COMMIT"] as const)[(keyBytes as Buffer).readInt16BE(2)];
  if (!type) throw new Error(`a control batch of an unknown type: ${(keyBytes as Buffer).toString("hex")}`);
  return { type, coordinatorEpoch: (valueBytes as Buffer).readInt32BE(2) };
}

/** The values that are left when what was aborted is skipped, as consumers do it: by the list in the answer. */
export function committedValues(answer: { records: Buffer | null; abortedTransactions: Value[] | null }): string[] {
  const left = [...(answer.abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const hidden = new Set<number>();
  const values: string[] = [];
  for (const each of batches(answer.records)) {
    while (left[0] && left[0].firstOffset <= each.lastOffset) hidden.add(left.shift().producerId);
    const marker = markerOf(each);
    if (marker?.type === "ABORT") hidden.delete(each.producerId);
    if (marker || (each.attributes & TRANSACTIONAL && hidden.has(each.producerId))) continue;
    values.push(...each.records.map(({ value }) => `${value}`));
  }
  return values;
}
