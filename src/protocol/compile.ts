/** From message and version to functions, at first use; see docs/architecture.md, "Schemas are values". */
import { type DecodeTraits, decoderSource } from "./compile-decoder.ts";
import { type EncodeTraits, encoderSource } from "./compile-encoder.ts";
import { interpretDecoder } from "./interpret-decoder.ts";
import { interpretEncoder } from "./interpret-encoder.ts";
import { memoryBound } from "./memory-bound.ts";
import { isDefault, planOf } from "./plan.ts";
import * as reader from "./reader.ts";
import type { Message } from "./schema.ts";
import { uuidText } from "./uuid.ts";
import * as writer from "./writer.ts";

/** @returns the value that begins at `at`; where it ends is in `cursor.at`. */
export type Decoder = (bytes: Uint8Array, at: number) => unknown;
/** Writes `value` at `at`. @returns where it ends. */
export type Encoder = (into: writer.Writer, value: unknown, at: number) => number;

const noBytes = new Uint8Array(0);
/** Everything that generated code calls, by the name it has there. */
const runtime = { ...reader, ...writer, memoryBound, uuidText, isDefault, noBytes };
const names = `const { ${Object.keys(runtime).join(", ")} } = runtime;`;

/** The generated functions are named, so that stack traces and flame graphs show which they are. */
const nameOf = (message: Message, version: number): string => `regroup/${message.name}.v${version}`;

export function compileDecoder(message: Message, version: number, traits: DecodeTraits): Decoder {
  const plan = planOf(message, version);
  if (!canGenerate()) return interpretDecoder(plan, traits);
  const source = `return function decode(b, p) {\n${decoderSource(plan, traits)}\n}`;
  return generate(source, `${nameOf(message, version)}.decode`, []) as Decoder;
}

export function compileEncoder(message: Message, version: number, traits: EncodeTraits): Encoder {
  const plan = planOf(message, version);
  if (!canGenerate()) return interpretEncoder(plan, traits);
  const { source, fields } = encoderSource(plan, traits);
  const factory = `return function encode(w, o, p) {\n${source}\n}`;
  return generate(factory, `${nameOf(message, version)}.encode`, fields) as Encoder;
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
