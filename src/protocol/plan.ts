/** What a message is in one version: the fields it has, in wire order, each with the form it takes. */
import { ProtocolError } from "./protocol-error.ts";
import {
  asField,
  type Field,
  type Message,
  maxInt64,
  type PrimitiveKind,
  type Shape,
  type Type,
  zeroUuid,
} from "./schema.ts";

export interface PlannedValue {
  readonly kind: PrimitiveKind | "array" | "struct";
  readonly nullable: boolean;
  /** Lengths are unsigned varints (KIP-482). */
  readonly compact: boolean;
  readonly element: PlannedValue | undefined;
  readonly struct: PlannedStruct | undefined;
}

export interface PlannedField extends PlannedValue {
  readonly name: string;
  /** As errors name it: "JoinGroup.request v9: protocols.name". */
  readonly path: string;
  readonly field: Field;
  readonly tag: number | undefined;
}

export interface PlannedStruct {
  /** In the order of the schema, those that the version lacks as well: every decoded value has the same shape. */
  readonly names: readonly string[];
  readonly fields: readonly PlannedField[];
  /** In the order of their tags. */
  readonly tagged: readonly PlannedField[];
  /** Fields of other versions. */
  readonly absent: readonly PlannedField[];
  readonly flexible: boolean;
}

export function planOf(message: Message, version: number): PlannedStruct {
  const [lowest, highest] = message.versions;
  if (!Number.isInteger(version) || version < lowest || version > highest) {
    throw new ProtocolError("unknown version", `${message.name}: version ${version} is not in ${lowest} to ${highest}`);
  }
  return planStruct(message.shape, version, version >= message.flexible, `${message.name} v${version}: `);
}

function planStruct(shape: Shape, version: number, flexible: boolean, path: string): PlannedStruct {
  const all = Object.entries(shape).map(([name, spec]) => planField(name, asField(spec), version, flexible, path));
  const present = all.filter(({ field: { traits } }) => version >= traits.since && version <= traits.until);
  return {
    names: all.map(({ name }) => name),
    fields: present.filter(({ tag }) => tag === undefined),
    tagged: present.filter(({ tag }) => tag !== undefined).sort((a, b) => a.tag! - b.tag!),
    absent: all.filter((field) => !present.includes(field)),
    flexible,
  };
}

function planField(name: string, field: Field, version: number, flexible: boolean, path: string): PlannedField {
  const value = planValue(field, version, flexible, `${path}${name}.`);
  return { ...value, name, path: path + name, field, tag: field.traits.tag };
}

function planValue({ type, traits }: Field, version: number, flexible: boolean, path: string): PlannedValue {
  return {
    kind: type.kind,
    nullable: version >= traits.nullableSince,
    compact: flexible && traits.flexible,
    element: type.kind === "array" ? planValue(type.element, version, flexible, path) : undefined,
    struct: type.kind === "struct" ? planStruct(type.shape, version, flexible, path) : undefined,
  };
}

/** May a writer leave the field out, to have its default written? */
export function mayBeMissing({ field: { traits } }: PlannedField): boolean {
  return traits.default !== undefined || traits.since > 0 || traits.until < Number.POSITIVE_INFINITY;
}

/** Bytes of a value whose size does not depend on it; 0 for all others. */
export function fixedSizeOf(kind: PlannedValue["kind"]): number {
  switch (kind) {
    case "int8":
    case "boolean":
      return 1;
    case "int16":
    case "uint16":
      return 2;
    case "int32":
    case "uint32":
      return 4;
    case "int64":
    case "float64":
      return 8;
    case "uuid":
      return 16;
    default:
      return 0;
  }
}

/** The fewest bytes that a value takes: what a count is measured against before anything is allocated. */
export function leastSizeOf(value: PlannedValue): number {
  if (value.kind === "struct") {
    if (value.nullable) return 1;
    const own = value.struct!.fields.reduce((sum, field) => sum + leastSizeOf(field), 0);
    return own + (value.struct!.flexible ? 1 : 0);
  }
  const fixed = fixedSizeOf(value.kind);
  if (fixed > 0) return fixed;
  if (value.compact) return 1;
  return value.kind === "string" ? 2 : 4;
}

/** A fresh default, as a decoder gives it for a field that is not there. */
export function defaultOf({ type, traits }: Field, exact = false): unknown {
  const value = traits.default;
  if (value === undefined) return traits.nullableSince < Number.POSITIVE_INFINITY ? null : zeroOf(type, exact);
  if (value === null) return null;
  if (type.kind === "int64" && exact) return value === maxInt64 ? 2n ** 63n - 1n : BigInt(value as number);
  return type.kind === "struct" || type.kind === "array" ? zeroOf(type, exact) : value;
}

const noBytes = new Uint8Array(0);

function zeroOf(type: Type, exact: boolean): unknown {
  switch (type.kind) {
    case "string":
      return "";
    case "bytes":
    case "records":
      return noBytes;
    case "uuid":
      return zeroUuid;
    case "boolean":
      return false;
    case "array":
      return [];
    case "struct":
      return Object.fromEntries(
        Object.entries(type.shape).map(([name, spec]) => [name, defaultOf(asField(spec), exact)]),
      );
    case "int64":
      return exact ? 0n : 0;
    default:
      return 0;
  }
}

/** Is this what the field is when nobody sets it? Such a tagged field is not written (KIP-482). */
export function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined) return true;
  const { type, traits } = field;
  const standard = traits.default === undefined ? defaultOf(field) : traits.default;
  if (value === null || standard === null) return value === standard;
  switch (type.kind) {
    case "array":
    case "bytes":
    case "records":
      return (value as ArrayLike<unknown>).length === 0;
    case "struct":
      return Object.entries(type.shape).every(([name, spec]) =>
        isDefault(asField(spec), (value as Record<string, unknown>)[name]),
      );
    case "int64":
      return value === standard || value === defaultOf(field, true);
    default:
      return value === standard;
  }
}
