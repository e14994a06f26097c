/**
 * Decoders without generated code: slower, simpler, and written apart from the compiler, so that tests can hold one
 * against the other. They do the work where a Content-Security-Policy forbids `new Function`.
 */
import type { Decoder } from "./compile.ts";
import type { DecodeTraits } from "./compile-decoder.ts";
import { memoryBound, memoryOf, mostElements, unknownTagBytes } from "./memory-bound.ts";
import {
  defaultOf,
  fixedSizeOf,
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
  tooMuchMemory,
  truncated,
  view,
} from "./reader.ts";
import { uuidText } from "./uuid.ts";

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
  /** Bytes that the message may still take. */
  memory: number;

  constructor(bytes: Uint8Array, at: number, traits: DecodeTraits) {
    this.bytes = bytes;
    this.at = at;
    this.traits = traits;
    this.memory = memoryBound(bytes.length - at);
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
      if (field !== undefined) values[field.name] = this.taggedValue(field);
      else if (this.traits.keepUnknownTags) unknown.push(this.unknownTag(tag, size));
      else this.at += size;
    }
    if (this.traits.keepUnknownTags) values.unknownTaggedFields = unknown.length > 0 ? unknown : undefined;
  }

  taggedValue(field: PlannedField): unknown {
    if (field.kind !== "struct") return this.value(field, field.path);
    if (field.nullable && this.varint(field.path) === 0) return null;
    return this.struct(field.struct!);
  }

  unknownTag(tag: number, size: number): { tag: number; data: Uint8Array } {
    this.remember(unknownTagBytes, "unknown tagged fields");
    return { tag, data: this.view(size) };
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
    if (value.kind === "array") {
      if (length > mostElements) throw tooMuchMemory(this.at, path);
      this.remember(length * memoryOf(value.element!), path);
      return Array.from({ length }, () => this.value(value.element!, path));
    }
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

  remember(bytes: number, path: string): void {
    this.memory -= bytes;
    if (this.memory < 0) throw tooMuchMemory(this.at, path);
  }

  take(size: number, path: string): number {
    if (this.bytes.length - this.at < size) throw truncated(this.bytes, this.at, path, size);
    this.at += size;
    return this.at - size;
  }
}
