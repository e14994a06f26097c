/** From message and version to functions, at first use; see docs/architecture.md, "Schemas are values". */
import { type DecodeTraits, decoderSource } from "./compile-decoder.ts";
import { type EncodeTraits, encoderSource } from "./compile-encoder.ts";
import { interpretDecoder } from "./interpret-decoder.ts";
import { interpretEncoder } from "./interpret-encoder.ts";
import { isDefault, planOf } from "./plan.ts";
import * as reader from "./reader.ts";
import type { Message } from "./schema.ts";
import { uuidText } from "./uuid.ts";
import * as writer from "./writer.ts";

/** @returns the value that begins at `at`; where it ends is in `cursor.at`. */
export type Decoder = (bytes: Uint8Array, at: number) => unknown;
/** Writes `value` at `at`. @returns where it ends. */
export type Encoder = (into: writer.Writer, value: unknown, at: number) => number;

export interface Codec {
  readonly decode: Decoder;
  readonly encode: Encoder;
}

export type CodecTraits = DecodeTraits & EncodeTraits;

const noBytes = new Uint8Array(0);
/** Everything that generated code calls, by the name it has there. */
const runtime = { ...reader, ...writer, uuidText, isDefault, noBytes };
const names = `const { ${Object.keys(runtime).join(", ")} } = runtime;`;

/** The functions of one version. The source is named, so that stack traces and flame graphs show it. */
export function compileCodec(message: Message, version: number, traits: CodecTraits): Codec {
  const plan = planOf(message, version);
  if (!canGenerate()) return { decode: interpretDecoder(plan, traits), encode: interpretEncoder(plan, traits) };
  const { source, fields } = encoderSource(plan, traits);
  const name = `regroup/${message.name}.v${version}`;
  return {
    decode: generate(
      `return function decode(b, p) {\n${decoderSource(plan, traits)}\n}`,
      `${name}.decode`,
      [],
    ) as Decoder,
    encode: generate(`return function encode(w, o, p) {\n${source}\n}`, `${name}.encode`, fields) as Encoder,
  };
}

function generate(source: string, name: string, fields: readonly unknown[]): unknown {
  const factory = new Function("runtime", "fields", `"use strict";\n${names}\n${source}\n//# sourceURL=${name}`);
  return factory(runtime, fields);
}

let generates: boolean | undefined;

/** False under a Content-Security-Policy that forbids `eval`: then the interpreters do the work, many times slower. */
function canGenerate(): boolean {
  if (generates === undefined) {
    try {
      generates = new Function("return true")() === true;
    } catch {
      generates = false;
    }
  }
  return generates;
}
