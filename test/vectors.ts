/** Golden vectors: bytes, hashes and verdicts of Apache Kafka 4.3.1 itself. `test/vectors/` holds them packed. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Text of a file under test/vectors/, named without ".gz". */
export function vectorText(path: string): string {
  return gunzipSync(readFileSync(new URL(`./vectors/${path}.gz`, import.meta.url))).toString();
}

/** A file of one JSON value. */
export function vectorJson<T>(path: string): T {
  return parseExactly(vectorText(path)) as T;
}

/** A file of one JSON value a line. */
export function vectorLines<T>(path: string): T[] {
  const lines = vectorText(path).trimEnd().split("\n");
  return lines.map((line) => parseExactly(line) as T);
}

/** JSON whose integers beyond 2^53 become bigint. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    const inexact = typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined;
    return inexact && /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
