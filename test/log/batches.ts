/** Batches for the tests of the log. */

import { nodePlatform } from "../../src/platform/node-platform.ts";
import type { Platform } from "../../src/protocol/platform.ts";
import { batches, encodeBatch, type NewBatch, readRecords } from "../../src/protocol/records/batch.ts";

export const platform: Platform = nodePlatform;

export interface Sample extends Partial<NewBatch> {
  readonly values?: readonly string[];
  readonly keys?: readonly (string | null)[];
  readonly timestamp?: number;
}

export const utf8 = (text: string) => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));

export function sampleBatch({ values = ["value"], keys, timestamp = 1000, ...batch }: Sample = {}): Uint8Array {
  const records = values.map((value, index) => ({
    key: keys?.[index] == null ? null : utf8(keys[index]),
    value: utf8(value),
    timestamp: timestamp + index,
  }));
  return encodeBatch({ records, ...batch }, platform);
}

export interface SeenRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

export function recordsOf(chunks: readonly Uint8Array[]): SeenRecord[] {
  return chunks.flatMap((chunk) =>
    [...batches(chunk)].flatMap((batch) =>
      [...readRecords(batch, platform)].map(({ offset, key, value }) => ({
        offset,
        key: text(key),
        value: text(value),
      })),
    ),
  );
}
