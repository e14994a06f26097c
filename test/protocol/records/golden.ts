import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** The lines of a file of golden vectors. Integers beyond 2^53 are the nearest double, as all outside the bytes. */
export function golden<T>(name: string): T[] {
  const packed = readFileSync(new URL(`../../vectors/records/${name}.jsonl.gz`, import.meta.url));
  const lines = gunzipSync(packed).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as T);
}

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const hexOrNull = (bytes: Uint8Array | null): string | null => (bytes === null ? null : toHex(bytes));

export interface GoldenRecord {
  offset: number;
  timestamp: number;
  sequence?: number;
  key: string | null;
  value: string | null;
  headers?: [string, string | null][];
  controlType?: string;
  coordinatorEpoch?: number;
}

export interface GoldenBatch {
  magic: number;
  sizeInBytes: number;
  valid: boolean;
  crc: number;
  compression: string;
  timestampType: string;
  lastOffset: number;
  maxTimestamp: number;
  baseOffset?: number;
  partitionLeaderEpoch?: number;
  baseTimestamp?: number;
  transactional?: boolean;
  control?: boolean;
  deleteHorizonMs?: number;
  producerId?: number;
  producerEpoch?: number;
  baseSequence?: number;
  lastSequence?: number;
  count?: number;
  records?: GoldenRecord[];
}

export interface GoldenLine {
  name: string;
  compare: "bytes" | "decode";
  batches: GoldenBatch[];
  ignoredTail?: number;
  hex: string;
}
