/**
 * The settings of a client, from lowest to highest: the profile, the file, the environment, `-X`, options with names.
 * A key that is not known is refused with the nearest that is, and the place where it stands.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseProperties } from "../broker/properties.ts";
import { type ClientKind, isKeyOf, mergeInputs, readConfig, tables } from "../client/config.ts";
import { ClientConfigError } from "../client/errors.ts";
import { unusedKeys } from "../client/unused-keys.ts";
import { nearestOf } from "../protocol/nearest-name.ts";
import type { ConnectionFlags } from "./broker-command.ts";
import { UsageError } from "./errors.ts";
import { readNamedFile } from "./read-file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly key: string;
  readonly value: string;
  /** "in prod.properties, line 3", "given by -X", "in the environment as REGROUP_CLIENT_ID". */
  readonly where: string;
  /** Meant for several commands: keys of other clients may stand there. */
  readonly isShared: boolean;
}

/** A person waits: less patient than a program. Until default.api.timeout.ms a call is tried again. */
const defaults = {
  "bootstrap.servers": "127.0.0.1:9092",
  "client.id": "regroup-cli",
  "default.api.timeout.ms": 10_000,
};
const kinds = ["admin", "consumer", "producer"] as const satisfies readonly ClientKind[];

/**
 * @param overrides what options of one command say (`--group`): they go before all else.
 * @returns keys by their names with dots, as `readConfig` takes them.
 * @throws {UsageError}
 */
export async function clientSettings(
  kind: (typeof kinds)[number],
  flags: ConnectionFlags,
  overrides: Readonly<Record<string, unknown>> = {},
  environment: Environment = process.env,
): Promise<Record<string, unknown>> {
  const settings = [
    ...(await profileSettings(flags.profile ?? environment.REGROUP_PROFILE, environment)),
    ...(flags.config === undefined ? [] : await fileSettings(flags.config, "--config")),
    ...environmentSettings(environment),
    ...(flags.X ?? []).map(settingOfX),
  ];
  const used = settings.filter((setting) => isForThis(kind, setting)).map(({ key, value }) => ({ [key]: value }));
  const { bootstrapServer } = flags;
  const named = { ...(bootstrapServer === undefined ? {} : { "bootstrap.servers": bootstrapServer }), ...overrides };
  checkEach(kind, named);
  return mergeInputs(kind, defaults, ...used, named);
}

/** A profile is a properties file, known by its name. */
async function profileSettings(name: string | undefined, environment: Environment): Promise<Setting[]> {
  if (name === undefined) return [];
  if (!/^[\w.-]+$/.test(name)) throw new UsageError(`--profile ${name}: expected the name of a profile, not a path`);
  const home = environment.XDG_CONFIG_HOME || join(environment.HOME ?? homedir(), ".config");
  return fileSettings(join(home, "regroup", `${name}.properties`), `profile ${name}`);
}

async function fileSettings(path: string, what: string): Promise<Setting[]> {
  const text = await readNamedFile(path, what);
  return parseProperties(text).map(({ key, value, line }) => {
    return { key, value, where: `in ${path}, line ${line}`, isShared: true };
  });
}

const environmentPrefix = "REGROUP_";
/** Further apart it may be a variable for the broker, or for something else. */
const mistypedEdits = 2;

/** REGROUP_BOOTSTRAP_SERVERS is bootstrap.servers. The broker's settings come that way too (REGROUP_LOG_DIRS). */
function environmentSettings(environment: Environment): Setting[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!name.startsWith(environmentPrefix) || value === undefined) return [];
    const key = name.slice(environmentPrefix.length).toLowerCase().replaceAll("_", ".");
    if (kinds.some((kind) => isKeyOf(kind, key))) {
      return [{ key, value, where: `in the environment as ${name}`, isShared: true }];
    }
    const nearest = nearestOf(key, Object.keys({ ...tables.consumer, ...tables.producer }), mistypedEdits);
    if (nearest === undefined) return [];
    const meant = environmentPrefix + nearest.toUpperCase().replaceAll(".", "_");
    throw new UsageError(`${name} in the environment: no key of the client (did you mean ${meant}?)`);
  });
}

function settingOfX(text: string): Setting {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`-X ${text}: expected key=value`);
  return { key: text.slice(0, at).trim(), value: text.slice(at + 1), where: "given by -X", isShared: false };
}

/** @returns false for a key of another client in a place that several commands share. @throws {UsageError} */
function isForThis(kind: ClientKind, { key, value, where, isShared }: Setting): boolean {
  if (!isKeyOf(kind, key) && !unusedKeys.has(key)) {
    const other = kinds.find((each) => isKeyOf(each, key));
    if (other !== undefined && isShared) return false;
    if (other !== undefined) throw new UsageError(`${key} ${where}: a key of the ${other}, which this command is not`);
  }
  checkEach(kind, { [key]: value }, ` (${where})`);
  return true;
}

/** @throws {UsageError} naming the place. */
function checkEach(kind: ClientKind, input: object, where = ""): void {
  try {
    readConfig(kind, input);
  } catch (error) {
    if (!(error instanceof ClientConfigError)) throw error;
    throw new UsageError(`${error.message}${where}`);
  }
}
