import { Reader, Writer } from "./bytes.ts";
import { type Field, includes, type Message } from "./schemas.ts";

/** What a schema that is read at run time describes: it has no type that a compiler could know. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Value = any;

interface Context {
  message: Message;
  version: number;
  flexible: boolean;
}

/**
 * Writes a message. Fields left out take their default; fields that `version` does not have are dropped; a field that
 * no version has is a mistake in the test and throws.
 */
export function encode(message: Message, version: number, value: Value): Buffer {
  const writer = new Writer();
  writeStruct(writer, context(message, version), message.fields, value);
  return writer.done();
}

/** Reads a message from the front of `reader`. */
export function decode(message: Message, version: number, reader: Reader): Value {
  return readStruct(reader, context(message, version), message.fields);
}

export function isFlexible(message: Message, version: number): boolean {
  return includes(message.flexibleVersions, version);
}

function context(message: Message, version: number): Context {
  return { message, version, flexible: isFlexible(message, version) };
}

function key(field: Field): string {
  return field.name.charAt(0).toLowerCase() + field.name.slice(1);
}

function isTagged(field: Field, version: number): boolean {
  return field.tag !== undefined && includes(field.taggedVersions, version);
}

function fieldsOf({ message }: Context, field: Field, type: string): Field[] {
  const fields = field.fields ?? message.commonStructs?.find((struct) => struct.name === type)?.fields;
  if (!fields) throw new Error(`${message.name}: no fields of ${type}`);
  return fields;
}

/** What stands in an array: where the field may be null that is the array, never an element. */
function elementOf(field: Field): Field {
  return { ...field, type: field.type.slice(2), nullableVersions: "none" };
}

function defaultOf(context: Context, field: Field): Value {
  const { type } = field;
  const text = field.default;
  if (text === "null") return null;
  if (type.startsWith("[]")) return [];
  if (type === "string") return text ?? "";
  if (type === "bool") return text === "true";
  if (type === "uuid") return zeroUuid;
  if (type === "bytes" || type === "records") return Buffer.alloc(0);
  if (primitives.has(type)) return Number(text ?? 0);
  const fields = fieldsOf(context, field, type).filter((each) => includes(each.versions, context.version));
  return Object.fromEntries(fields.map((each) => [key(each), defaultOf(context, each)]));
}

function writeStruct(writer: Writer, context: Context, fields: Field[], value: Value): void {
  const known = new Set(fields.map(key));
  const unknown = Object.keys(value).find((name) => !known.has(name));
  if (unknown) throw new Error(`${context.message.name} has no field ${unknown}`);
  const tagged: [number, Buffer][] = [];
  for (const field of fields) {
    if (!includes(field.versions, context.version)) continue;
    const given = value[key(field)];
    if (!isTagged(field, context.version)) {
      writeField(writer, context, field, given === undefined ? defaultOf(context, field) : given);
    } else if (given !== undefined) {
      const inner = new Writer();
      writeField(inner, context, field, given);
      tagged.push([field.tag as number, inner.done()]);
    }
  }
  if (!context.flexible) return;
  writer.unsignedVarint(tagged.length);
  for (const [tag, bytes] of tagged.sort(([a], [b]) => a - b)) {
    writer.unsignedVarint(tag);
    writer.unsignedVarint(bytes.length);
    writer.bytes(bytes);
  }
}

function writeField(writer: Writer, context: Context, field: Field, value: Value): void {
  const flexible = context.flexible && field.flexibleVersions !== "none";
  const { type } = field;
  if (type.startsWith("[]")) {
    writeLength(writer, flexible, 4, value === null ? -1 : value.length);
    const element = elementOf(field);
    for (const each of value ?? []) writeValue(writer, context, element, flexible, each);
  } else writeValue(writer, context, field, flexible, value);
}

function writeValue(writer: Writer, context: Context, field: Field, flexible: boolean, value: Value): void {
  const { type } = field;
  if (type === "string") {
    const bytes = value === null ? undefined : Buffer.from(value);
    writeLength(writer, flexible, 2, bytes?.length ?? -1);
    if (bytes) writer.bytes(bytes);
  } else if (type === "bytes" || type === "records") {
    writeLength(writer, flexible, 4, value?.length ?? -1);
    if (value) writer.bytes(value);
  } else if (type === "uuid") writer.bytes(Buffer.from(value, "base64url"));
  else if (type === "bool") writer.int8(value ? 1 : 0);
  else if (primitives.has(type)) writer[type as "int32"](value);
  else {
    if (includes(field.nullableVersions, context.version)) writer.int8(value === null ? -1 : 1);
    if (value !== null) writeStruct(writer, context, fieldsOf(context, field, type), value);
  }
}

function writeLength(writer: Writer, flexible: boolean, size: 2 | 4, length: number): void {
  if (flexible) writer.unsignedVarint(length + 1);
  else if (size === 2) writer.int16(length);
  else writer.int32(length);
}

function readStruct(reader: Reader, context: Context, fields: Field[]): Value {
  const value: Value = {};
  for (const field of fields) {
    if (!includes(field.versions, context.version)) continue;
    value[key(field)] = isTagged(field, context.version)
      ? defaultOf(context, field)
      : readField(reader, context, field);
  }
  if (!context.flexible) return value;
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    const tag = reader.unsignedVarint();
    const bytes = new Reader(reader.bytes(reader.unsignedVarint()));
    const field = fields.find((each) => each.tag === tag && isTagged(each, context.version));
    if (field) value[key(field)] = readField(bytes, context, field);
  }
  return value;
}

function readField(reader: Reader, context: Context, field: Field): Value {
  const flexible = context.flexible && field.flexibleVersions !== "none";
  if (!field.type.startsWith("[]")) return readValue(reader, context, field, flexible);
  const count = readLength(reader, flexible, 4);
  const element = elementOf(field);
  return count < 0 ? null : Array.from({ length: count }, () => readValue(reader, context, element, flexible));
}

function readValue(reader: Reader, context: Context, field: Field, flexible: boolean): Value {
  const { type } = field;
  if (type === "string") {
    const length = readLength(reader, flexible, 2);
    return length < 0 ? null : reader.bytes(length).toString();
  }
  if (type === "bytes" || type === "records") {
    const length = readLength(reader, flexible, 4);
    return length < 0 ? null : reader.bytes(length);
  }
  if (type === "uuid") return reader.bytes(16).toString("base64url");
  if (type === "bool") return reader.int8() !== 0;
  if (primitives.has(type)) return reader[type as "int32"]();
  if (includes(field.nullableVersions, context.version) && reader.int8() < 0) return null;
  return readStruct(reader, context, fieldsOf(context, field, type));
}

function readLength(reader: Reader, flexible: boolean, size: 2 | 4): number {
  if (flexible) return reader.unsignedVarint() - 1;
  return size === 2 ? reader.int16() : reader.int32();
}

const primitives = new Set(["int8", "int16", "uint16", "int32", "uint32", "int64", "float64", "bool", "uuid"]);

/** "No topic id" on the wire. */
export const zeroUuid = Buffer.alloc(16).toString("base64url");
