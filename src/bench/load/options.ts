/** Options of loads as a command line has them: `--value-bytes 100` for `valueBytes`. */
import { parseServers } from "../../client/bootstrap.ts";
import { compressionCodecs } from "../../protocol/platform.ts";
import { type LoadName, loads } from "./loads.ts";
import { meaningOf, notes } from "./words.ts";

type Value = number | string | boolean;

/** Those that have no default, with a value of their kind. */
const others: Readonly<Record<LoadName, Readonly<Record<string, Value>>>> = {
  produce: { topic: "", records: 0 },
  consume: { topic: "" },
  latency: { topic: "" },
  commits: { topic: "" },
  groups: { groupId: "", crash: false },
  transactions: { topic: "" },
  connections: { pid: 0 },
};

/** By its name on the command line, what a load may be told: for each its default, or one of its kind. */
export function optionsOf(name: LoadName): ReadonlyMap<string, { readonly key: string; readonly like: Value }> {
  const all: Record<string, Value> = { bootstrapServer: "", ...others[name], ...loads[name].defaults };
  return new Map(Object.entries(all).map(([key, like]) => [kebab(key), { key, like }]));
}

/** For each a line with its default, and below it what it means. */
export function helpOf(name: LoadName): string {
  const { defaults } = loads[name];
  const lines = [...optionsOf(name)].map(([flag, { key, like }]) => {
    const kind = typeof like === "boolean" ? "" : typeof like === "number" ? " <number>" : " <text>";
    const value = (defaults as Record<string, Value>)[key];
    const said = value === undefined ? "" : `default: ${value === -1 && key === "acks" ? "all" : value}`;
    return `${`  ${`--${flag}${kind}`.padEnd(32)}${said}`.trimEnd()}\n      ${meaningOf(name, key)}`;
  });
  const note = notes[name];
  return `${lines.join("\n")}\n${note === undefined ? "" : `\n${note}`}`;
}

/** Times and rates may be parts of one, all others count something; of all but these there must be some. */
const fractional = ["seconds", "warm-up-seconds", "rate", "per-second"];
const maybeNone = ["warm-up-seconds", "rate"];

/** @throws when a text is no value of its option's kind. */
export function optionValue(flag: string, text: string | boolean, like: Value): Value {
  if (typeof like === "boolean" || typeof text === "boolean") return text;
  if (flag === "bootstrap-server") return serverOf(text);
  if (flag === "compression" && !(compressionCodecs as readonly string[]).includes(text)) {
    throw new Error(`--compression ${text}: expected ${compressionCodecs.join(", ")}`);
  }
  if (typeof like === "string") return text;
  if (flag === "acks" && text === "all") return -1;
  if (flag === "acks" && text !== "1") throw new Error(`--acks ${text}: expected 1 or all`);
  const isNumber = (fractional.includes(flag) ? /^\d+(\.\d+)?$/ : /^\d+$/).test(text);
  const atLeast = maybeNone.includes(flag) ? "of at least 0" : "above 0";
  const kind = fractional.includes(flag) ? "number" : "whole number";
  if (!isNumber || (Number(text) === 0 && !maybeNone.includes(flag))) {
    throw new Error(`--${flag} ${text}: expected a ${kind} ${atLeast}`);
  }
  return Number(text);
}

/** Loads speak to one broker: of a list, the first. */
function serverOf(text: string): string {
  try {
    const [{ host, port }] = parseServers(text) as [{ host: string; port: number }];
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  } catch (error) {
    throw new Error(`--bootstrap-server ${text}: expected ${(error as Error).message}`);
  }
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
