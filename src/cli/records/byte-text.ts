/** Between bytes of keys and values and the text that people type and read: `--key-as`, `--value-as`. */
import { Option } from "commander";
import type { ConnectionFlags } from "../broker-command.ts";
import { FailedError, UsageError } from "../errors.ts";

export const encodings = ["string", "json", "hex", "base64"] as const;
/** json: text that must be JSON; in JSON lines it stands as it is, not as a text. */
export type Encoding = (typeof encodings)[number];

export interface EncodingFlags {
  readonly keyAs: Encoding;
  readonly valueAs: Encoding;
}

export function encodingOptions(): Option[] {
  return [
    new Option("--key-as <encoding>", "how keys are written").choices(encodings).default("string"),
    new Option("--value-as <encoding>", "how values are written").choices(encodings).default("string"),
  ];
}

/**
 * The client is to leave keys and values as they are. A file that Java's programs share may say otherwise.
 * @throws {UsageError} where the command line does.
 */
export function asBytes(serde: "serializer" | "deserializer", { X = [] }: ConnectionFlags): Record<string, string> {
  const asked = X.find((text) => /^(key|value)\.?(de)?serializer\s*=/i.test(text));
  if (asked !== undefined) throw new UsageError(`-X ${asked}: --key-as and --value-as say how they are written`);
  return { [`key.${serde}`]: "bytes", [`value.${serde}`]: "bytes" };
}

/** @param what for the error: "the value of orders/0@12". @throws {FailedError} for a text that is not so encoded. */
export function toBytes(text: string, encoding: Encoding, what: string): Uint8Array {
  if (encoding === "string") return Buffer.from(text);
  if (encoding === "json") {
    parseJson(text, what);
    return Buffer.from(text);
  }
  const bytes = Buffer.from(text, encoding);
  // Buffer stops at the first character that does not belong there.
  const isWhole = encoding === "hex" ? text.length === 2 * bytes.length : isBase64(text);
  if (!isWhole) throw new FailedError(`${what}: not ${encoding}: ${shortened(text)}`);
  return bytes;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
}

/** @throws {FailedError} when bytes that should be JSON are not. */
export function toText(bytes: Uint8Array, encoding: Encoding, what: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoding === "hex" || encoding === "base64") return buffer.toString(encoding);
  const text = buffer.toString("utf8");
  return encoding === "string" ? text : JSON.stringify(parseJson(text, what));
}

/** @throws {FailedError} */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FailedError(`${what}: not JSON: ${shortened(text)}`);
  }
}

const shownCharacters = 60;

function shortened(text: string): string {
  const isLong = text.length > shownCharacters;
  return JSON.stringify(isLong ? `${text.slice(0, shownCharacters)}…` : text);
}
