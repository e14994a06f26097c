/** Encoders without generated code; see interpret-decoder.ts. */
import type { Encoder } from "./compile.ts";
import type { EncodeTraits } from "./compile-encoder.ts";
import {
  defaultOf,
  fixedSizeOf,
  isDefault,
  mayBeMissing,
  type PlannedField,
  type PlannedStruct,
  type PlannedValue,
} from "./plan.ts";
import {
  badValue,
  sizeOfRecords,
  unsupportedField,
  type Writer,
  writeCompactText,
  writeFloat64,
  writeInt64,
  writeText,
  writeUnknownTags,
  writeUnsignedVarint,
  writeUuidText,
} from "./writer.ts";

type Values = Record<string, unknown>;

export function interpretEncoder(plan: PlannedStruct, traits: EncodeTraits): Encoder {
  return (into, value, at) => {
    const writing = new Writing(into, at, traits);
    writing.struct(plan, value as Values);
    return writing.at;
  };
}

class Writing {
  readonly writer: Writer;
  at: number;
  readonly traits: EncodeTraits;

  constructor(writer: Writer, at: number, traits: EncodeTraits) {
    this.writer = writer;
    this.at = at;
    this.traits = traits;
  }

  struct(plan: PlannedStruct, values: Values): void {
    for (const field of plan.absent) {
      const dropped = field.field.traits.ignorable || isDefault(field.field, values[field.name]);
      if (!dropped) throw unsupportedField(field.path);
    }
    for (const field of plan.fields) this.value(field, this.given(field, values), field.path);
    if (plan.flexible) this.tagged(plan, values);
  }

  given(field: PlannedField, values: Values): unknown {
    const given = values[field.name];
    return given === undefined && mayBeMissing(field) ? defaultOf(field.field) : given;
  }

  tagged(plan: PlannedStruct, values: Values): void {
    const there = plan.tagged.filter(({ field, name }) => !isDefault(field, values[name]));
    const kept = this.traits.keepUnknownTags ? values.unknownTaggedFields : undefined;
    const unknown = (kept ?? []) as { tag: number; data: Uint8Array }[];
    this.varint(there.length + unknown.length);
    for (const field of there) {
      this.varint(field.tag!);
      const mark = this.room(1) - this.writer.start;
      const value = values[field.name];
      if (field.kind !== "struct") this.value(field, value, field.path);
      else {
        if (field.nullable) this.varint(value === null ? 0 : 1);
        if (value !== null) this.struct(field.struct!, value as Values);
      }
      this.at = this.writer.closeTag(mark, this.at);
    }
    this.at = writeUnknownTags(this.writer, this.at, unknown);
  }

  value(value: PlannedValue, given: unknown, path: string): void {
    switch (value.kind) {
      case "struct":
        return this.structValue(value, given, path);
      case "array":
        return this.array(value, given, path);
      case "records":
        return this.records(value, given, path);
      case "bytes":
        return this.bytes(value, given, path);
      case "string":
        return this.text(value, given, path);
      default:
        return this.fixed(value.kind, given, path);
    }
  }

  structValue(value: PlannedValue, given: unknown, path: string): void {
    if (typeof given !== "object" || (given === null && !value.nullable)) throw badValue(path, given);
    if (value.nullable) this.integer(given === null ? -1 : 1, 1);
    if (given !== null) this.struct(value.struct!, given as Values);
  }

  array(value: PlannedValue, given: unknown, path: string): void {
    if (given === null && value.nullable) return this.length(value, -1, 4);
    if (!Array.isArray(given)) throw badValue(path, given);
    this.length(value, given.length, 4);
    for (const item of given) this.value(value.element!, item, path);
  }

  records(value: PlannedValue, given: unknown, path: string): void {
    if (given === null && value.nullable) return this.length(value, -1, 4);
    if (given === null) throw badValue(path, given);
    this.length(value, sizeOfRecords(given as Uint8Array, path), 4);
    this.writer.records(this.at, given as Uint8Array);
    this.at = this.writer.at;
  }

  bytes(value: PlannedValue, given: unknown, path: string): void {
    if (given === null && value.nullable) return this.length(value, -1, 4);
    if (!(given instanceof Uint8Array)) throw badValue(path, given);
    this.length(value, given.length, 4);
    const at = this.room(given.length);
    this.writer.bytes.set(given, at);
  }

  text(value: PlannedValue, given: unknown, path: string): void {
    if (given === null && value.nullable) return this.length(value, -1, 2);
    if (typeof given !== "string") throw badValue(path, given);
    const at = this.room(3 * given.length + 5);
    const write = value.compact ? writeCompactText : writeText;
    this.at = write(this.writer.bytes, at, given, path);
  }

  fixed(kind: PlannedValue["kind"], given: unknown, path: string): void {
    const size = fixedSizeOf(kind);
    switch (kind) {
      case "int64":
        return writeInt64(this.writer.bytes, this.room(size), given as number, path);
      case "float64":
        if (typeof given !== "number") throw badValue(path, given);
        return writeFloat64(this.writer.bytes, this.room(size), given);
      case "uuid":
        if (typeof given !== "string") throw badValue(path, given);
        return writeUuidText(this.writer.bytes, this.room(size), given, path);
      case "boolean":
        if (typeof given !== "boolean") throw badValue(path, given);
        return this.integer(given ? 1 : 0, 1);
      default: {
        const [least, most] = kind.startsWith("u")
          ? [0, 2 ** (8 * size) - 1]
          : [-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1];
        if (!Number.isInteger(given) || (given as number) < least || (given as number) > most)
          throw badValue(path, given);
        return this.integer(given as number, size);
      }
    }
  }

  length(value: PlannedValue, length: number, width: number): void {
    if (value.compact) this.varint(length + 1);
    else this.integer(length, width);
  }

  integer(value: number, size: number): void {
    const at = this.room(size);
    for (let i = 0; i < size; i++) this.writer.bytes[at + i] = value >> (8 * (size - 1 - i));
  }

  varint(value: number): void {
    const at = this.room(5);
    this.at = writeUnsignedVarint(this.writer.bytes, at, value);
  }

  /** Makes sure of room, and passes it. @returns where it begins. */
  room(size: number): number {
    if (this.at + size > this.writer.bytes.length) {
      this.writer.room(this.at, size);
      this.at = this.writer.at;
    }
    this.at += size;
    return this.at - size;
  }
}
