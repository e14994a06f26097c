/** How `regroup consume` prints a record: `--format`. */
import type { ConsumerRecord } from "../../client/consumer/consumer-record.ts";
import { UsageError } from "../errors.ts";
import { type EncodingFlags, toText } from "./byte-text.ts";

/** @returns what is printed for a record, with its line feed. @throws {FailedError} for what is not of its encoding. */
export type RecordFormat = (record: ConsumerRecord) => string;

/** @param format value, key, full, json, or a template with kcat's letters. @throws {UsageError} */
export function recordFormat(format: string, encodings: EncodingFlags): RecordFormat {
  const texts = new RecordTexts(encodings);
  if (format === "value") return (record) => `${texts.value(record)}\n`;
  if (format === "key") return (record) => `${texts.key(record)}\t${texts.value(record)}\n`;
  if (format === "full") return (record) => full(record, texts);
  if (format === "json") return (record) => `${JSON.stringify(texts.json(record))}\n`;
  if (format.includes("%")) return template(format, texts);
  throw new UsageError(`--format ${format}: expected value, key, full, json, or a template such as '%p %o %k %s'`);
}

const nullText = "NULL";

class RecordTexts {
  readonly #encodings: EncodingFlags;

  constructor(encodings: EncodingFlags) {
    this.#encodings = encodings;
  }

  key(record: ConsumerRecord): string {
    const { key } = record;
    return key === null ? nullText : toText(key, this.#encodings.keyAs, `the key of ${placeOf(record)}`);
  }

  value(record: ConsumerRecord): string {
    const { value } = record;
    return value === null ? nullText : toText(value, this.#encodings.valueAs, `the value of ${placeOf(record)}`);
  }

  headers({ headers }: ConsumerRecord): string {
    return headers.map(({ key, value }) => `${key}=${value === null ? nullText : utf8(value)}`).join(",");
  }

  /** What `regroup produce --format json` takes. */
  json(record: ConsumerRecord): object {
    const { topic, partition, offset, timestamp, key, value, headers } = record;
    const { keyAs, valueAs } = this.#encodings;
    const jsonOf = (text: string, isJson: boolean) => (isJson ? JSON.parse(text) : text);
    return {
      topic,
      partition,
      offset,
      timestamp,
      key: key === null ? null : jsonOf(this.key(record), keyAs === "json"),
      value: value === null ? null : jsonOf(this.value(record), valueAs === "json"),
      headers: headers.map((header) => [header.key, header.value === null ? null : utf8(header.value)]),
    };
  }
}

/** orders/0@12  2026-01-31T08:00:00.000Z  k → v  (trace=1) */
function full(record: ConsumerRecord, texts: RecordTexts): string {
  const time = record.timestamp < 0 ? "-" : isoTime(record.timestamp);
  const headers = record.headers.length === 0 ? "" : `  (${texts.headers(record)})`;
  return `${placeOf(record)}  ${time}  ${texts.key(record)} → ${texts.value(record)}${headers}\n`;
}

/** Kafka's timestamps may be beyond what a Date holds. */
function isoTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  return Number.isNaN(date.getTime()) ? String(timestampMs) : date.toISOString();
}

type Part = (record: ConsumerRecord, texts: RecordTexts) => string | number;

/** kcat's letters. */
const letters: Readonly<Record<string, Part>> = {
  t: ({ topic }) => topic,
  p: ({ partition }) => partition,
  o: ({ offset }) => offset,
  k: (record, texts) => texts.key(record),
  s: (record, texts) => texts.value(record),
  K: ({ key }) => (key === null ? -1 : key.length),
  S: ({ value }) => (value === null ? -1 : value.length),
  T: ({ timestamp }) => timestamp,
  h: (record, texts) => texts.headers(record),
  "%": () => "%",
};

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0", "\\": "\\" };

function template(text: string, texts: RecordTexts): RecordFormat {
  const parts = [...text.matchAll(/%(.?)|\\(.)|([^%\\]+|\\$)/gs)].map(([all, letter, escaped]): Part => {
    if (escaped !== undefined) return () => escapes[escaped] ?? all;
    if (letter === undefined) return () => all;
    const part = letters[letter];
    if (part !== undefined) return part;
    throw new UsageError(`--format: %${letter}: expected one of ${Object.keys(letters).join(" ")} behind %`);
  });
  return (record) => `${parts.map((part) => part(record, texts)).join("")}\n`;
}

/** As errors name it too. */
export function placeOf({ topic, partition, offset }: ConsumerRecord): string {
  return `${topic}/${partition}@${offset}`;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
