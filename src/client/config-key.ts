/**
 * What a key of the client's configuration is: how a value is read, and what it is when nobody sets it. Values come
 * typed from a program or as text from a file or `-X key=value`; both are taken.
 */

/** `Value` is what the client reads, `Input` what a program may write. */
export interface Key<Value = unknown, Input = unknown> {
  /** @throws {TypeError} whose message is what was expected: "a number, at least 1". */
  readonly parse: (input: unknown) => Value;
  readonly default: Value;
  /** Only for types. */
  readonly input?: Input;
}

export type Table = Readonly<Record<string, Key>>;

/** 'group.id' as it is written in TypeScript: groupId. */
export type Camel<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? `${Head}${Capitalize<Camel<Rest>>}`
  : Name;

export function camelCase(name: string): string {
  return name.replaceAll(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}

export type ValueOf<K> = K extends Key<infer Value, infer _Input> ? Value : never;
type InputOf<K> = K extends Key<infer _Value, infer Input> ? Input : never;

/** What the client reads. */
export type ConfigOf<T extends Table> = { readonly [K in keyof T & string as Camel<K>]: ValueOf<T[K]> };
/** What a program writes, in either spelling. */
export type ConfigInputOf<T extends Table> = {
  readonly [K in keyof T & string as K | Camel<K>]?: InputOf<T[K]> | undefined;
};

export function key<Value, Input = Value>(fallback: Value, parse: (input: unknown) => Value): Key<Value, Input> {
  return { parse, default: fallback };
}

/** An integer, or its text. */
export function number(fallback: number, least = 0, most = Number.MAX_SAFE_INTEGER): Key<number, number | string> {
  return key(fallback, (input) => {
    const value = typeof input === "string" && /^[+-]?\d+$/.test(input.trim()) ? Number(input) : input;
    const upTo = most === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${most}`;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw new TypeError(`an integer, at least ${least}${upTo}`);
    }
    return value;
  });
}

/** A key of Java's type int. */
export const int = (fallback: number, least = 0) => number(fallback, least, 0x7fffffff);

export function flag(fallback: boolean): Key<boolean, boolean | "true" | "false"> {
  return key(fallback, (input) => {
    const text = String(input).toLowerCase();
    if (text !== "true" && text !== "false") throw new TypeError("true or false");
    return text === "true";
  });
}

export function text(fallback: string): Key<string, string> {
  return key(fallback, (input) => {
    if (typeof input !== "string") throw new TypeError("a text");
    return input;
  });
}

/** A text that is not empty, or undefined when nobody sets it. */
export function optionalText(): Key<string | undefined, string> {
  return key<string | undefined, string>(undefined, (input) => {
    if (typeof input !== "string" || input === "") throw new TypeError("a text that is not empty");
    return input;
  });
}

/** One of several words, in any case; some have other names too. */
export function oneOf<const Word extends string, Fallback extends Word | undefined>(
  words: readonly Word[],
  fallback: Fallback,
  aliases: Readonly<Record<string, Word>> = {},
): Key<Word | Fallback, Word> {
  return key<Word | Fallback, Word>(fallback, (input) => {
    const found = words.find((word) => word.toLowerCase() === String(input).toLowerCase()) ?? aliases[String(input)];
    if (found === undefined) throw new TypeError(`one of ${words.join(", ")}`);
    return found;
  });
}

/** A function, or undefined when nobody sets it. */
// biome-ignore lint/suspicious/noExplicitAny: any function is one
export function callback<F extends (...args: any[]) => unknown>(): Key<F | undefined, F> {
  return key<F | undefined, F>(undefined, (input) => {
    if (typeof input !== "function") throw new TypeError("a function");
    return input as F;
  });
}

/** An object that is passed on as it is. */
export function object<T extends object>(): Key<T | undefined, T> {
  return key<T | undefined, T>(undefined, (input) => {
    if (typeof input !== "object" || input === null) throw new TypeError("an object");
    return input as T;
  });
}

/** Texts as an array, or one text with commas between them. */
export function listOf(input: unknown): string[] {
  const entries = typeof input === "string" ? input.split(",").map((entry) => entry.trim()) : input;
  if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== "string")) throw new TypeError("texts");
  return (entries as string[]).filter((entry) => entry !== "");
}
