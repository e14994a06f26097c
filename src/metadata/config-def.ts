/**
 * What a configuration key is: its type, its default, what it refuses and in which words. Values are kept as text in
 * the form that Kafka prints; who acts on one reads it typed.
 */

/** `code` is the type's number in DescribeConfigs. */
export const configTypes = {
  boolean: { code: 1, title: "BOOLEAN" },
  string: { code: 2, title: "STRING" },
  int: { code: 3, title: "INT" },
  short: { code: 4, title: "SHORT" },
  long: { code: 5, title: "LONG" },
  double: { code: 6, title: "DOUBLE" },
  list: { code: 7, title: "LIST" },
} as const;
export type ConfigType = keyof typeof configTypes;

/** A value that its key refuses; the message is the one that Kafka gives. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** @returns what is wrong with the value, undefined when nothing is. */
export type Check<T> = (value: T, name: string) => string | undefined;

export class ConfigKey<T = unknown> {
  readonly type: ConfigType;
  /** As text; null when the key has no default. */
  readonly default: string | null;
  readonly doc: string;
  readonly check: Check<T> | undefined;

  constructor(type: ConfigType, defaultText: string | null, doc: string, check?: Check<T>) {
    this.type = type;
    this.default = defaultText;
    this.doc = doc;
    this.check = check;
  }

  /** @throws {ConfigError} in Kafka's words. */
  parse(name: string, text: string): T {
    const value = parsers[this.type](name, text.trim()) as T;
    const problem = this.check?.(value, name);
    if (problem !== undefined) {
      throw new ConfigError(`Invalid value ${printed(this.type, value)} for configuration ${name}: ${problem}`);
    }
    return value;
  }

  /** The text in the form that Kafka prints: numbers without leading zeros, lists without blanks. */
  canonical(text: string): string {
    const trimmed = text.trim();
    switch (this.type) {
      case "int":
      case "short":
      case "long":
        return BigInt(trimmed).toString();
      case "double":
        return formatDouble(Number(trimmed));
      case "boolean":
        return trimmed.toLowerCase();
      case "list":
        return splitList(trimmed).join(",");
      case "string":
        return trimmed;
    }
  }
}

export const boolean = (value: boolean, doc: string) => new ConfigKey<boolean>("boolean", String(value), doc);
export const string = (value: string, doc: string, check?: Check<string>) =>
  new ConfigKey<string>("string", value, doc, check);
export const int = (value: number, doc: string, check?: Check<number>) =>
  new ConfigKey<number>("int", String(value), doc, check);
export const short = (value: number, doc: string, check?: Check<number>) =>
  new ConfigKey<number>("short", String(value), doc, check);
/** A number; Long.MAX_VALUE is read as 2^63. */
export const long = (value: number | "max", doc: string, check?: Check<number>) =>
  new ConfigKey<number>("long", value === "max" ? maxLong.toString() : String(value), doc, check);
export const double = (value: number, doc: string, check?: Check<number>) =>
  new ConfigKey<number>("double", formatDouble(value), doc, check);
export const list = (value: string, doc: string, check?: Check<readonly string[]>) =>
  new ConfigKey<readonly string[]>("list", value, doc, check);
/** A key without a default: read as null where it is not set. */
export const optional = <T>(key: ConfigKey<T>): ConfigKey<T | null> =>
  new ConfigKey<T | null>(key.type, null, key.doc, key.check as Check<T | null> | undefined);

export const atLeast =
  (least: number): Check<number> =>
  (value) =>
    value < least ? `Value must be at least ${least}` : undefined;

export const between =
  (least: number, most: number): Check<number> =>
  (value) =>
    value < least ? `Value must be at least ${least}` : value > most ? `Value must be no more than ${most}` : undefined;

export const oneOf =
  (...values: string[]): Check<string> =>
  (value) =>
    values.includes(value) ? undefined : `String must be one of: ${values.join(", ")}`;

/** Every entry of the list is one of these; the first that is not is named. */
export const allOf =
  (...values: string[]): Check<readonly string[]> =>
  (entries, name) => {
    const stranger = entries.find((entry) => !values.includes(entry));
    if (stranger === undefined) return undefined;
    throw new ConfigError(
      `Invalid value ${stranger} for configuration ${name}: String must be one of: ${values.join(", ")}`,
    );
  };

export function splitList(text: string): string[] {
  return text === "" ? [] : text.split(",").map((entry) => entry.trim());
}

const maxLong = 2n ** 63n - 1n;
const ranges = { int: 2n ** 31n, short: 2n ** 15n, long: 2n ** 63n } as const;

const parsers: Record<ConfigType, (name: string, text: string) => unknown> = {
  boolean: (name, text) => {
    const lower = text.toLowerCase();
    if (lower === "true" || lower === "false") return lower === "true";
    throw new ConfigError(`Invalid value ${text} for configuration ${name}: Expected value to be either true or false`);
  },
  string: (_name, text) => text,
  int: (name, text) => integer(name, text, "int"),
  short: (name, text) => integer(name, text, "short"),
  long: (name, text) => integer(name, text, "long"),
  double: (name, text) => {
    const value = Number(text);
    if (text === "" || Number.isNaN(value)) throw notOfType(name, text, "double");
    return value;
  },
  list: (_name, text) => splitList(text),
};

function integer(name: string, text: string, type: keyof typeof ranges): number {
  if (!/^[+-]?\d+$/.test(text)) throw notOfType(name, text, type);
  const value = BigInt(text);
  const range = ranges[type];
  if (value < -range || value >= range) throw notOfType(name, text, type);
  return Number(value);
}

function notOfType(name: string, text: string, type: ConfigType): ConfigError {
  const { title } = configTypes[type];
  return new ConfigError(`Invalid value ${text} for configuration ${name}: Not a number of type ${title}`);
}

function printed(type: ConfigType, value: unknown): string {
  if (type === "double") return formatDouble(value as number);
  return type === "list" ? `[${(value as string[]).join(", ")}]` : String(value);
}

/** As Java prints a double of ordinary size: always with a fraction. */
function formatDouble(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
