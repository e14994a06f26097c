import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A field as Kafka's own message definitions describe it. */
export interface Field {
  name: string;
  type: string;
  versions: string;
  nullableVersions?: string;
  taggedVersions?: string;
  flexibleVersions?: string;
  tag?: number;
  default?: string;
  fields?: Field[];
}

export interface Message {
  name: string;
  type: string;
  apiKey?: number;
  validVersions: string;
  flexibleVersions: string;
  fields: Field[];
  commonStructs?: { name: string; fields: Field[] }[];
}

const file = new URL("../../vectors/protocol/schemas.json.gz", import.meta.url);
const all = (JSON.parse(gunzipSync(readFileSync(file)).toString()) as { messages: Message[] }).messages;
const byName = new Map(all.map((message) => [message.name, message]));

export function message(name: string): Message {
  const found = byName.get(name);
  if (!found) throw new Error(`no message ${name} in Kafka's schemas`);
  return found;
}

/** Whether `version` lies in a range as Kafka writes it: "3", "3+", "3-5", "none". */
export function includes(range: string | undefined, version: number): boolean {
  if (range === undefined || range === "none") return false;
  const [, low, rest] = /^(\d+)(\+|-\d+)?$/.exec(range) ?? [];
  if (low === undefined) throw new Error(`not a range of versions: ${range}`);
  if (version < Number(low)) return false;
  if (rest === "+") return true;
  return version <= (rest ? Number(rest.slice(1)) : Number(low));
}

/** The lowest and highest version of an API that Kafka's schemas know. */
export function versionsOf(api: string): [number, number] {
  const [low, high] = message(`${api}Request`).validVersions.split("-").map(Number);
  return [low as number, high ?? (low as number)];
}
