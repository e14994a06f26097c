/** A line of input as a record: plain text, or JSON as `regroup consume --format json` prints it. */
import type { ProducerRecord } from "../../client/producer/record.ts";
import { FailedError } from "../errors.ts";
import { type Encoding, parseJson, toBytes } from "./byte-text.ts";

export interface LineFormat {
  readonly format: "string" | "json";
  readonly keyAs: Encoding;
  readonly valueAs: Encoding;
  readonly keySeparator?: string;
  /** A key or a value of this text is null. */
  readonly nullMarker?: string;
}

export type LineRecord = Omit<ProducerRecord, "topic">;

/** @param what names the line in errors: "line 3". @throws {FailedError} */
export function recordOfLine(line: string, format: LineFormat, what: string): LineRecord {
  return format.format === "json" ? recordOfJson(line, format, what) : recordOfText(line, format, what);
}

function recordOfText(
  line: string,
  { keyAs, valueAs, keySeparator, nullMarker }: LineFormat,
  what: string,
): LineRecord {
  const bytesOf = (text: string, encoding: Encoding, part: string) => {
    return text === nullMarker ? null : toBytes(text, encoding, `${what}: the ${part}`);
  };
  if (keySeparator === undefined) return { value: bytesOf(line, valueAs, "value") };
  const at = line.indexOf(keySeparator);
  if (at === -1) throw new FailedError(`${what}: no key separator ${JSON.stringify(keySeparator)} in it`);
  const value = line.slice(at + keySeparator.length);
  return { key: bytesOf(line.slice(0, at), keyAs, "key"), value: bytesOf(value, valueAs, "value") };
}

/** Offsets and topics are those of where it came from: they are read over. */
const readOver = ["topic", "offset"];
const known = ["key", "value", "headers", "partition", "timestamp"];

function recordOfJson(line: string, { keyAs, valueAs }: LineFormat, what: string): LineRecord {
  const json = parseJson(line, what);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FailedError(`${what}: expected an object such as {"key":"k","value":"v"}`);
  }
  const { key, value, headers, partition, timestamp } = json as Record<string, unknown>;
  const stranger = Object.keys(json).find((name) => !known.includes(name) && !readOver.includes(name));
  if (stranger !== undefined) throw new FailedError(`${what}: ${stranger}: expected ${known.join(", ")}`);
  if (value === undefined) throw new FailedError(`${what}: no value; null is a tombstone`);
  return {
    key: key === undefined ? undefined : bytesOfJson(key, keyAs, `${what}: the key`),
    value: bytesOfJson(value, valueAs, `${what}: the value`),
    headers: headers === undefined ? undefined : headersOfJson(headers, what),
    partition: integerOfJson(partition, `${what}: partition`),
    timestamp: integerOfJson(timestamp, `${what}: timestamp`),
  };
}

function bytesOfJson(json: unknown, encoding: Encoding, what: string): Uint8Array | null {
  if (json === null) return null;
  if (encoding === "json") return Buffer.from(JSON.stringify(json));
  if (typeof json === "string") return toBytes(json, encoding, what);
  throw new FailedError(`${what}: expected a text; --key-as json and --value-as json take any JSON`);
}

/** [["name", "value"], …] or {"name": "value"}. */
function headersOfJson(json: unknown, what: string): [string, string | null][] {
  const pairs: unknown =
    typeof json === "object" && json !== null && !Array.isArray(json) ? Object.entries(json) : json;
  const isPair = (pair: unknown) => {
    return Array.isArray(pair) && typeof pair[0] === "string" && (pair[1] === null || typeof pair[1] === "string");
  };
  if (Array.isArray(pairs) && pairs.every(isPair)) return pairs as [string, string | null][];
  throw new FailedError(`${what}: headers: expected [["name", "value"], …]`);
}

function integerOfJson(json: unknown, what: string): number | undefined {
  if (json === undefined || Number.isSafeInteger(json)) return json as number | undefined;
  throw new FailedError(`${what}: expected an integer`);
}
