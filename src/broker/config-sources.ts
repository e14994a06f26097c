/** From what was written somewhere to a validated configuration; an error says where it stands and what is expected. */
import { ConfigError } from "../metadata/config-def.ts";
import { nearestOf } from "../protocol/nearest-name.ts";
import { brokerConfigKey, brokerConfigs } from "./broker-configs.ts";
import { BrokerConfig } from "./config.ts";
import { advertisedListenersOf, listenersOf } from "./listeners.ts";

export interface Setting {
  readonly key: string;
  readonly value: string;
  /** "in server.properties, line 3", "given by -o", "in the environment as REGROUP_LISTENERS". */
  readonly where: string;
}

export interface LoadedConfig {
  readonly config: BrokerConfig;
  /** What is set and means nothing here, for the log. */
  readonly warnings: readonly string[];
}

const environmentPrefix = "REGROUP_";

/** REGROUP_LOG_DIRS is log.dirs. */
export function settingsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Setting[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!name.startsWith(environmentPrefix) || value === undefined) return [];
    const key = name.slice(environmentPrefix.length).toLowerCase().replaceAll("_", ".");
    if (key === "bootstrap.servers") return []; // for the commands that are typed in the same terminal
    return [{ key, value, where: `in the environment as ${name}` }];
  });
}

/** @param settings later ones win over earlier ones. @throws {ConfigError} */
export function loadConfig(settings: readonly Setting[]): LoadedConfig {
  const warnings: string[] = [];
  const given = new Map<string, Setting>();
  for (const setting of settings) {
    const key = aliases[setting.key] ?? setting.key;
    const known = brokerConfigKey(key);
    if (known === undefined) {
      warnings.push(`${setting.key} ${setting.where} is not a config that this broker acts on${meantBy(setting.key)}`);
      continue;
    }
    try {
      known.key.parse(key, setting.value);
    } catch (error) {
      throw new ConfigError(`${setting.key}: ${JSON.stringify(setting.value)} ${setting.where}: ${reasonOf(error)}`);
    }
    given.set(key, setting);
  }
  const config = new BrokerConfig(new Map([...given].map(([key, { value }]) => [key, value])));
  for (const check of [listenersOf, advertisedListenersOf, oneFolder]) located(given, () => check(config));
  return { config, warnings };
}

/** Kafka has many keys that mean nothing here: only what is nearly a known one was mistyped. */
const mistypedEdits = 2;

function meantBy(key: string): string {
  const nearest = nearestOf(key, Object.keys(brokerConfigs), mistypedEdits);
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

/** Older names that Kafka takes too. */
const aliases: Record<string, string> = { "broker.id": "node.id" };

function oneFolder(config: BrokerConfig): void {
  const folders = config.get("log.dirs") ?? [];
  if (folders.length > 1) throw new ConfigError(`log.dirs: ${JSON.stringify(folders.join(","))}: expected one folder`);
}

/** Names the place of the setting that a check over several settings complains of. */
function located(given: ReadonlyMap<string, Setting>, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    const message = (error as Error).message;
    const where = given.get(message.slice(0, message.indexOf(":")))?.where;
    if (!(error instanceof ConfigError) || where === undefined) throw error;
    const end = message.lastIndexOf(": expected");
    throw new ConfigError(
      end === -1 ? `${message} (${where})` : `${message.slice(0, end)} ${where}${message.slice(end)}`,
    );
  }
}

function reasonOf(error: unknown): string {
  const { message } = error as Error;
  const [, reason] = /^Invalid value .* for configuration [^:]*: (.*)$/s.exec(message) ?? [];
  if (reason === undefined) return message;
  const [, type] = /^Not a number of type (.*)$/.exec(reason) ?? [];
  return type === undefined ? `${reason.charAt(0).toLowerCase()}${reason.slice(1)}` : `expected a number (${type})`;
}
