/**
 * Kafka's messages as values. A shape is an object literal of fields; a field knows its wire type and the versions
 * that have it. `api` puts a request beside its response, `message` holds a shape that stands alone (headers, data
 * structs, coordinator records). The compiler (compile.ts) turns shape and version into functions, and TypeScript
 * reads the same values to infer what is read and what is written.
 *
 * Field names, versions, defaults and tags are Kafka's; see https://kafka.apache.org/protocol.
 */

export type PrimitiveKind =
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint16"
  | "uint32"
  | "float64"
  | "boolean"
  | "string"
  | "bytes"
  | "records"
  | "uuid";

export type Type =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "array"; readonly element: Field }
  | { readonly kind: "struct"; readonly shape: Shape };

/** What distinguishes a field beside its type. All versions are inclusive. */
export interface FieldTraits {
  readonly since: number;
  readonly until: number;
  /** First version in which null may stand; Infinity when never. */
  readonly nullableSince: number;
  /** Of a field that the version lacks or the writer left out; undefined is the type's zero, or null if nullable. */
  readonly default: unknown;
  /** Number of a tagged field (KIP-482). */
  readonly tag: number | undefined;
  /** A value other than the default may be dropped in silence where the version has no such field. */
  readonly ignorable: boolean;
  /** False for the one field that keeps its old form in flexible versions: the client id of the request header. */
  readonly flexible: boolean;
}

const plainTraits: FieldTraits = {
  since: 0,
  until: Number.POSITIVE_INFINITY,
  nullableSince: Number.POSITIVE_INFINITY,
  default: undefined,
  tag: undefined,
  ignorable: false,
  flexible: true,
};

/**
 * A field of a message.
 *
 * `Read` is the type of its value when decoded, `Write` what the encoder takes; `Optional` when a writer may leave it
 * out, because it has a default or because some version lacks it.
 */
// biome-ignore lint/suspicious/noExplicitAny: the variance of a phantom type; `unknown` would refuse every field
export class Field<Read = any, Write = any, Optional extends boolean = boolean> {
  declare readonly phantom: { readonly read: Read; readonly write: Write; readonly optional: Optional };
  readonly type: Type;
  readonly traits: FieldTraits;

  constructor(type: Type, traits: FieldTraits = plainTraits) {
    this.type = type;
    this.traits = traits;
  }

  /** Not in versions before this one. */
  since(version: number): Field<Read, Write, true> {
    return this.with({ since: version });
  }

  /** Only in these versions. */
  versions(since: number, until: number): Field<Read, Write, true> {
    return this.with({ since, until });
  }

  default(value: Write): Field<Read, Write, true> {
    return this.with({ default: value });
  }

  /** A tagged field: written only when it differs from its default. */
  tag(tag: number, since: number): Field<Read, Write, true> {
    return this.with({ tag, since });
  }

  ignorable(): Field<Read, Write, Optional> {
    return this.with({ ignorable: true });
  }

  /** Keeps the form of the versions before flexible ones. */
  neverFlexible(): Field<Read, Write, Optional> {
    return this.with({ flexible: false });
  }

  /** The same field with other traits: what all modifiers are made of. */
  with<R = Read, W = Write, O extends boolean = Optional>(traits: Partial<FieldTraits>): Field<R, W, O> {
    return new Field<R, W, O>(this.type, { ...this.traits, ...traits });
  }
}

/** A field, or the fields of a struct that is always there. */
export type Spec = Field | Shape;
export interface Shape {
  readonly [field: string]: Spec;
}

export const int8 = new Field<number, number, false>({ kind: "int8" });
export const int16 = new Field<number, number, false>({ kind: "int16" });
export const int32 = new Field<number, number, false>({ kind: "int32" });
export const uint16 = new Field<number, number, false>({ kind: "uint16" });
export const uint32 = new Field<number, number, false>({ kind: "uint32" });
/**
 * A number. Beyond ±2^53 it is read as the nearest double and written as that double's value, the highest double
 * (2^63) as Long.MAX_VALUE; decoders with `exact` read a bigint, encoders always take one.
 */
export const int64 = new Field<number, number, false>({ kind: "int64" });
export const float64 = new Field<number, number, false>({ kind: "float64" });
export const boolean = new Field<boolean, boolean, false>({ kind: "boolean" });
export const string = new Field<string, string, false>({ kind: "string" });
/** When read, a view of the frame: copy what outlives it. */
export const bytes = new Field<Uint8Array, Uint8Array, false>({ kind: "bytes" });
/** Record batches. When read, a view of the frame; written from one piece or several, large ones uncopied. */
export const records = new Field<Uint8Array, Uint8Array | readonly Uint8Array[], false>({ kind: "records" });
/** 22 characters of base64url, as Kafka prints them; none is {@link zeroUuid}. */
export const uuid = new Field<string, string, false>({ kind: "uuid" });

export const zeroUuid = "AAAAAAAAAAAAAAAAAAAAAA";
/** The double nearest to Java's Long.MAX_VALUE, which the encoder writes as Long.MAX_VALUE. */
export const maxInt64 = 2 ** 63;

export function array<const S extends Spec>(element: S): Field<ReadOf<S>[], readonly WriteOf<S>[], false> {
  return new Field({ kind: "array", element: asField(element) });
}

/** A struct that needs a modifier; one without is written as the object literal alone. */
export function struct<const S extends Shape>(shape: S): Field<ReadShape<S>, WriteShape<S>, false> {
  return new Field({ kind: "struct", shape });
}

/** A field that may be null, from a version on if not from the first. */
export function nullable<const S extends Spec>(
  spec: S,
  sinceVersion = 0,
): Field<ReadOf<S> | null, WriteOf<S> | null, OptionalOf<S>> {
  return asField(spec).with({ nullableSince: sinceVersion });
}

export function asField(spec: Spec): Field {
  return spec instanceof Field ? spec : new Field({ kind: "struct", shape: spec });
}

export interface Versions {
  /** Lowest and highest version. */
  readonly versions: readonly [number, number];
  /** First flexible version (KIP-482), if there is one. */
  readonly flexible?: number;
}

/** A shape that is encoded and decoded on its own. */
export class Message<S extends Shape = Shape> {
  /** As in stack traces and errors: "JoinGroup.request". */
  readonly name: string;
  readonly versions: readonly [number, number];
  /** First flexible version; Infinity when there is none. */
  readonly flexible: number;
  readonly shape: S;
  /** What codec.ts made of it so far, by version. */
  readonly decoders: unknown[] = [];
  readonly encoders: unknown[] = [];

  constructor(name: string, { versions, flexible }: Versions, shape: S) {
    this.name = name;
    this.versions = versions;
    this.flexible = flexible ?? Number.POSITIVE_INFINITY;
    this.shape = shape;
  }
}

export interface ApiSpec<Req extends Shape, Res extends Shape> extends Versions {
  /** Versions from this one on are unfinished in Kafka 4.3.1 and not advertised. */
  readonly unstable?: number;
  /** What ApiVersions tells, where it is not simply the stable versions. */
  readonly advertised?: readonly [number, number];
  readonly request: Req;
  readonly response: Res;
}

/** A request and its response. */
export class Api<Req extends Shape = Shape, Res extends Shape = Shape> {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [number, number];
  readonly flexible: number;
  /** The range that a broker which serves this API names in its ApiVersions response. */
  readonly advertised: readonly [number, number];
  readonly request: Message<Req>;
  readonly response: Message<Res>;

  constructor(key: number, name: string, spec: ApiSpec<Req, Res>) {
    const [lowest, highest] = spec.versions;
    this.key = key;
    this.name = name;
    this.versions = spec.versions;
    this.flexible = spec.flexible ?? Number.POSITIVE_INFINITY;
    this.advertised = spec.advertised ?? [lowest, Math.min(highest, (spec.unstable ?? highest + 1) - 1)];
    this.request = new Message(`${name}.request`, spec, spec.request);
    this.response = new Message(`${name}.response`, spec, spec.response);
  }
}

export function api<const Req extends Shape, const Res extends Shape>(
  key: number,
  name: string,
  spec: ApiSpec<Req, Res>,
): Api<Req, Res> {
  return new Api(key, name, spec);
}

export function message<const S extends Shape>(name: string, spec: Versions & { readonly fields: S }): Message<S> {
  return new Message(name, spec, spec.fields);
}

type OptionalOf<S> = S extends { readonly phantom: { readonly optional: infer O extends boolean } } ? O : false;
type ReadOf<S> = S extends { readonly phantom: { readonly read: infer R } }
  ? R
  : S extends Shape
    ? ReadShape<S>
    : never;
type WriteOf<S> = S extends { readonly phantom: { readonly write: infer W } }
  ? W
  : S extends Shape
    ? WriteShape<S>
    : never;

type ReadShape<S extends Shape> = { -readonly [K in keyof S]: ReadOf<S[K]> };
type OptionalKeys<S extends Shape> = { [K in keyof S]: OptionalOf<S[K]> extends true ? K : never }[keyof S];
type WriteShape<S extends Shape> = Flat<
  { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: WriteOf<S[K]> } & {
    readonly [K in OptionalKeys<S>]?: WriteOf<S[K]> | undefined;
  }
>;
type Flat<T> = { [K in keyof T]: T[K] };

/** What decoding gives: every field present, in every version. */
export type MessageOf<M> = M extends Message<infer S> ? ReadShape<S> : never;
/** What encoding takes: what has a default, or is not in every version, may be left out. */
export type MessageInput<M> = M extends Message<infer S> ? WriteShape<S> : never;

export type RequestOf<A> = A extends Api<infer Req, infer _Res> ? ReadShape<Req> : never;
export type ResponseOf<A> = A extends Api<infer _Req, infer Res> ? ReadShape<Res> : never;
export type RequestInput<A> = A extends Api<infer Req, infer _Res> ? WriteShape<Req> : never;
export type ResponseInput<A> = A extends Api<infer _Req, infer Res> ? WriteShape<Res> : never;
