/** From what a program, a file or a command line says to a typed configuration. */

import { nearestOf } from "../protocol/nearest-name.ts";
import { adminKeys } from "./admin-keys.ts";
import { clientKeys } from "./client-keys.ts";
import { type ConfigOf, camelCase, type Table } from "./config-key.ts";
import { consumerKeys } from "./consumer-keys.ts";
import { ClientConfigError } from "./errors.ts";
import { producerKeys } from "./producer-keys.ts";
import { unusedKeys } from "./unused-keys.ts";

export const tables = { Kafka: clientKeys, producer: producerKeys, consumer: consumerKeys, admin: adminKeys } as const;
export type ClientKind = keyof typeof tables;

/** Is it a key of this kind of client, in either spelling? */
export function isKeyOf(kind: ClientKind, name: string): boolean {
  return spellings(tables[kind]).has(name);
}

/**
 * Reads a configuration. Names may be spelled 'group.id' or groupId; undefined values count as not given.
 * @param onUnused told of keys that the Java client knows and that have no effect here.
 * @throws {ClientConfigError} for a name that is not known, a value that does not fit, a key given in both spellings.
 */
export function readConfig<K extends ClientKind>(
  kind: K,
  input: object,
  onUnused: (name: string) => void = () => {},
): ConfigOf<(typeof tables)[K]> {
  const table: Table = tables[kind];
  const known = spellings(table);
  const values: Record<string, unknown> = {};
  for (const [name, { default: fallback }] of Object.entries(table)) values[camelCase(name)] = fallback;
  const given = new Map<string, string>();
  for (const [spelling, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const name = known.get(spelling);
    if (name === undefined) {
      if (!unusedKeys.has(spelling)) throw unknown(kind, spelling);
      onUnused(spelling);
      continue;
    }
    refuseTwice(given, name, spelling);
    values[camelCase(name)] = parse(table, name, spelling, value);
  }
  return values as ConfigOf<(typeof tables)[K]>;
}

/**
 * Later ones win, whichever spelling they use.
 * @returns keys by their names with dots, not yet read.
 * @throws {ClientConfigError} for a key that one of them gives in both spellings.
 */
export function mergeInputs(kind: ClientKind, ...inputs: readonly object[]): Record<string, unknown> {
  const known = spellings(tables[kind]);
  const merged: Record<string, unknown> = {};
  for (const input of inputs) {
    const given = new Map<string, string>();
    for (const [spelling, value] of Object.entries(input)) {
      if (value === undefined) continue;
      const name = known.get(spelling) ?? spelling;
      refuseTwice(given, name, spelling);
      merged[name] = value;
    }
  }
  return merged;
}

function refuseTwice(given: Map<string, string>, name: string, spelling: string): void {
  const earlier = given.get(name);
  if (earlier !== undefined) throw new ClientConfigError(`${earlier} and ${spelling} are the same key: give one`);
  given.set(name, spelling);
}

function parse(table: Table, name: string, spelling: string, value: unknown): unknown {
  try {
    return table[name]!.parse(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const shown = /password|secret|key|token|jaas/i.test(name) ? "the value given" : JSON.stringify(value);
    throw new ClientConfigError(`${spelling}: expected ${error.message}; got ${shown}`);
  }
}

/** From either spelling to the name with dots. */
function spellings(table: Table): Map<string, string> {
  return new Map(
    Object.keys(table).flatMap((name) => [
      [name, name],
      [camelCase(name), name],
    ]),
  );
}

function unknown(kind: ClientKind, spelling: string): ClientConfigError {
  for (const other of ["producer", "consumer", "admin"] as const) {
    if (kind === "Kafka" && isKeyOf(other, spelling)) {
      return new ClientConfigError(
        `${spelling}: a key of the ${other}: kafka.${other}({ ${JSON.stringify(spelling)}: … })`,
      );
    }
  }
  const nearest = nearestOf(spelling, [...spellings(tables[kind]).keys()]);
  const hint = nearest === undefined ? undefined : `did you mean ${nearest}?`;
  return new ClientConfigError(`${spelling}: no key of ${kind}'s configuration`, hint);
}
