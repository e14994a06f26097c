/** Between Kafka's JSON form of a message and the values of our codecs. */
import assert from "node:assert/strict";
import type { CodecOptions } from "../../src/protocol/codec.ts";
import { compileDecoder, compileEncoder, type Decoder, type Encoder } from "../../src/protocol/compile.ts";
import { interpretDecoder } from "../../src/protocol/interpret-decoder.ts";
import { interpretEncoder } from "../../src/protocol/interpret-encoder.ts";
import { defaultOf, planOf } from "../../src/protocol/plan.ts";
import { cursor } from "../../src/protocol/reader.ts";
import { asField, type Field, type Message, type Shape } from "../../src/protocol/schema.ts";
import { Writer } from "../../src/protocol/writer.ts";
import { fromHex, toHex } from "../vectors.ts";

export interface GoldenLine {
  readonly api: string;
  readonly version: number;
  readonly kind: "request" | "response" | "header" | "data";
  readonly case: string;
  readonly json: Json;
  readonly unknownTaggedFields?: readonly UnknownTag[];
  readonly hex: string;
}

export type Json = { readonly [name: string]: unknown };

interface UnknownTag {
  /** JSON pointer of the struct that has it. */
  readonly path: string;
  readonly tag: number;
  readonly hex: string;
}

type Value = Record<string, unknown>;

export interface Codec {
  readonly decode: Decoder;
  readonly encode: Encoder;
}

/** The two codecs that must agree on a version. */
export function codecsOf(
  message: Message,
  version: number,
  traits: Required<CodecOptions>,
): readonly [["compiled", Codec], ["interpreted", Codec]] {
  const plan = planOf(message, version);
  const compiled = {
    decode: compileDecoder(message, version, traits),
    encode: compileEncoder(message, version, traits),
  };
  const interpreted = { decode: interpretDecoder(plan, traits), encode: interpretEncoder(plan, traits) };
  return [
    ["compiled", compiled],
    ["interpreted", interpreted],
  ];
}

/** Reads `hex`, writes the value again, and writes `line.json` from scratch. */
export function checkGolden(
  message: Message,
  line: Pick<GoldenLine, "version" | "json" | "unknownTaggedFields" | "hex">,
): void {
  const flexible = line.version >= message.flexible;
  const unknown = line.unknownTaggedFields ?? [];
  const read = (exact: boolean) => structOf(message.shape, line.json, { flexible, unknown, exact, complete: true }, "");
  const written = structOf(message.shape, line.json, { flexible, unknown, exact: true, complete: false }, "");
  for (const [how, codec] of codecsOf(message, line.version, { exact: true, keepUnknownTags: true })) {
    assert.deepStrictEqual(decodeWhole(codec, line.hex), read(true), `${how}: decoding`);
    assert.equal(encode(codec, read(true)), line.hex, `${how}: encoding what was read`);
    assert.equal(encode(codec, written), line.hex, `${how}: encoding without what has a default`);
  }
  for (const [how, codec] of codecsOf(message, line.version, { exact: false, keepUnknownTags: true })) {
    assert.deepStrictEqual(decodeWhole(codec, line.hex), read(false), `${how}: decoding to numbers`);
  }
}

export function decodeWhole(codec: Codec, hex: string): unknown {
  const bytes = fromHex(hex);
  const value = codec.decode(bytes, 0);
  assert.equal(cursor.at, bytes.length, "all bytes are read");
  return value;
}

export function encode(codec: Codec, value: unknown): string {
  const writer = new Writer();
  const pieces = writer.finish(codec.encode(writer, value, writer.begin()));
  return pieces.map(toHex).join("");
}

interface Reading {
  readonly flexible: boolean;
  readonly exact: boolean;
  /** Fields that are not in the JSON get their default, as a decoder gives them. */
  readonly complete: boolean;
  readonly unknown: readonly UnknownTag[];
}

function structOf(shape: Shape, json: Json, reading: Reading, path: string): Value {
  const value: Value = {};
  for (const [name, spec] of Object.entries(shape)) {
    const field = asField(spec);
    if (name in json) value[name] = convert(field, json[name], reading, `${path}/${name}`);
    else if (reading.complete) value[name] = defaultOf(field, reading.exact);
  }
  const unknown = reading.unknown.filter((tag) => tag.path === path);
  const tags = unknown.map(({ tag, hex }) => ({ tag, data: fromHex(hex) }));
  if (reading.flexible && (reading.complete || tags.length > 0)) {
    value.unknownTaggedFields = tags.length > 0 ? tags : undefined;
  }
  return value;
}

function convert({ type }: Field, json: unknown, reading: Reading, path: string): unknown {
  if (json === null) return null;
  switch (type.kind) {
    case "array":
      return (json as unknown[]).map((item, index) => convert(type.element, item, reading, `${path}/${index}`));
    case "struct":
      return structOf(type.shape, json as Json, reading, path);
    case "bytes":
    case "records":
      return new Uint8Array(Buffer.from(json as string, "base64"));
    case "int64":
      return reading.exact ? BigInt(json as number) : Number(json);
    default:
      return json;
  }
}
