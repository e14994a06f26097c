/**
 * The same codecs without generated code: slower, simpler, and written apart from the compiler, so that tests can hold
 * one against the other. Does the work where a Content-Security-Policy forbids `new Function`.
 */
import type { Decoder, Encoder } from "./compile.ts";
import type { DecodeTraits } from "./compile-decoder.ts";
import type { EncodeTraits } from "./compile-encoder.ts";
import {
  defaultOf,
  fixedSizeOf,
  isDefault,
  leastSizeOf,
  type PlannedField,
  type PlannedStruct,
  type PlannedValue,
} from "./plan.ts";
import {
  badLength,
  cursor,
  maxStringBytes,
  readBigInt64,
  readFloat64,
  readInt64,
  readText,
  readUnsignedVarint,
  truncated,
  view,
} from "./reader.ts";
import { uuidText } from "./uuid.ts";
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

export function interpretDecoder(plan: PlannedStruct, traits: DecodeTraits): Decoder {
  return (bytes, at) => {
    const reading = new Reading(bytes, at, traits);
    const value = reading.struct(plan);
    cursor.at = reading.at;
    return value;
  };
}

class Reading {
  readonly bytes: Uint8Array;
  at: number;
  readonly traits: DecodeTraits;

  constructor(bytes: Uint8Array, at: number, traits: DecodeTraits) {
    this.bytes = bytes;
    this.at = at;
    this.traits = traits;
  }

  struct(plan: PlannedStruct): Values {
    const values: Values = {};
    for (const name of plan.names) values[name] = undefined; // all structs of a message have one order of properties
    for (const field of plan.fields) values[field.name] = this.value(field, field.path);
    for (const { name, field } of [...plan.absent, ...plan.tagged]) values[name] = defaultOf(field, this.traits.exact);
    if (plan.flexible) this.tagged(plan, values);
    return values;
  }

  tagged(plan: PlannedStruct, values: Values): void {
    const unknown: { tag: number; data: Uint8Array }[] = [];
    for (let left = this.varint("tagged fields"); left > 0; left--) {
      const tag = this.varint("tag");
      const size = this.varint("size of a tagged field");
      if (size > this.bytes.length - this.at) throw badLength(this.bytes, this.at, "tagged field", size);
      const field = plan.tagged.find((known) => known.tag === tag);
      if (field === undefined) unknown.push({ tag, data: this.view(size) });
      else if (field.kind === "struct" && field.nullable && this.varint(field.path) === 0) values[field.name] = null;
      else values[field.name] = field.kind === "struct" ? this.struct(field.struct!) : this.value(field, field.path);
    }
    if (this.traits.keepUnknownTags) values.unknownTaggedFields = unknown.length > 0 ? unknown : undefined;
  }

  value(value: PlannedValue, path: string): unknown {
    const size = fixedSizeOf(value.kind);
    if (size > 0) {
      const at = this.take(size, path);
      return this.fixed(value.kind, at);
    }
    if (value.kind === "struct") {
      if (value.nullable && this.bytes[this.take(1, path)]! > 127) return null;
      return this.struct(value.struct!);
    }
    const length = this.length(value, path);
    if (length < 0 && value.nullable) return null;
    const least = value.kind === "array" ? Math.max(1, leastSizeOf(value.element!)) : 1;
    const tooLong = value.kind === "string" && length > maxStringBytes;
    if (length < 0 || length * least > this.bytes.length - this.at || tooLong) {
      throw badLength(this.bytes, this.at, path, length);
    }
    if (value.kind === "array") return Array.from({ length }, () => this.value(value.element!, path));
    if (value.kind !== "string") return this.view(length);
    this.at += length;
    return readText(this.bytes, this.at - length, this.at);
  }

  length(value: PlannedValue, path: string): number {
    if (value.compact) return this.varint(path) - 1;
    const kind = value.kind === "string" ? "int16" : "int32";
    return this.fixed(kind, this.take(fixedSizeOf(kind), path)) as number;
  }

  fixed(kind: PlannedValue["kind"], at: number): unknown {
    const data = new DataView(this.bytes.buffer, this.bytes.byteOffset + at);
    switch (kind) {
      case "int8":
        return data.getInt8(0);
      case "boolean":
        return data.getInt8(0) !== 0;
      case "int16":
        return data.getInt16(0);
      case "uint16":
        return data.getUint16(0);
      case "int32":
        return data.getInt32(0);
      case "uint32":
        return data.getUint32(0);
      case "int64":
        return this.traits.exact ? readBigInt64(this.bytes, at) : readInt64(this.bytes, at);
      case "float64":
        return readFloat64(this.bytes, at);
      default:
        return uuidText(this.bytes, at);
    }
  }

  varint(path: string): number {
    const value = readUnsignedVarint(this.bytes, this.at, path);
    this.at = cursor.at;
    return value;
  }

  view(length: number): Uint8Array {
    this.at += length;
    return view(this.bytes, this.at - length, this.at);
  }

  take(size: number, path: string): number {
    if (this.bytes.length - this.at < size) throw truncated(this.bytes, this.at, path, size);
    this.at += size;
    return this.at - size;
  }
}

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
    for (const field of plan.fields) this.value(field, givenOrDefault(field, values), field.path);
    if (plan.flexible) this.tagged(plan, values);
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

function givenOrDefault({ field, name }: PlannedField, values: Values): unknown {
  const { traits } = field;
  const given = values[name];
  const mayBeMissing = traits.default !== undefined || traits.since > 0 || traits.until < Number.POSITIVE_INFINITY;
  return given === undefined && mayBeMissing ? defaultOf(field) : given;
}
