/** Source of the function that decodes one version of one message: no loop but over arrays, no call but for text. */
import { memoryOf, mostElements, unknownTagBytes } from "./memory-bound.ts";
import {
  defaultOf,
  fixedSizeOf,
  leastSizeOf,
  type PlannedField,
  type PlannedStruct,
  type PlannedValue,
} from "./plan.ts";

export interface DecodeTraits {
  /** int64 as bigint. */
  readonly exact: boolean;
  /** Tagged fields that the schema does not know are kept as `unknownTaggedFields`. */
  readonly keepUnknownTags: boolean;
}

/** @returns the body of `function decode(b, p)`, which gives the value and leaves its end in `cursor.at`. */
export function decoderSource(plan: PlannedStruct, traits: DecodeTraits): string {
  return new DecoderSource(traits).whole(plan);
}

class DecoderSource {
  readonly #traits: DecodeTraits;
  readonly #lines: string[] = [];
  #variables = 0;

  constructor(traits: DecodeTraits) {
    this.#traits = traits;
  }

  whole(plan: PlannedStruct): string {
    const value = this.#struct(plan);
    this.#add("cursor.at = p;", `return ${value};`);
    return ["const e = b.length;", "let n = 0;", "let m = memoryBound(e - p);", ...this.#lines].join("\n");
  }

  #add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** A name of its own, which tells the reader of the source what it is for. */
  #variable(hint: string): string {
    return `${hint}${this.#variables++}`;
  }

  /** @returns the object literal of a struct whose fields now stand in variables. */
  #struct(plan: PlannedStruct): string {
    const variables = new Map<string, string>();
    this.#untagged(plan.fields, variables);
    const unknown = plan.flexible ? this.#tagged(plan.tagged, variables) : undefined;
    for (const { name, field } of plan.absent) variables.set(name, literal(defaultOf(field, this.#traits.exact)));
    const entries = plan.names.map((name) => `${name}: ${variables.get(name)}`);
    if (unknown !== undefined) entries.push(`unknownTaggedFields: ${unknown}`);
    return `{ ${entries.join(", ")} }`;
  }

  /** Fields of fixed size that follow each other share one check. */
  #untagged(fields: readonly PlannedField[], variables: Map<string, string>): void {
    let checked = 0;
    fields.forEach((field, index) => {
      const variable = this.#variable(field.name);
      variables.set(field.name, variable);
      const size = fixedSizeOf(field.kind);
      if (size === 0) {
        this.#add(`let ${variable};`);
        this.#value(field, variable, field.path);
        return;
      }
      if (checked === 0) {
        for (const { kind } of fields.slice(index)) {
          const next = fixedSizeOf(kind);
          if (next === 0) break;
          checked += next;
        }
        this.#add(`if (e - p < ${checked}) throw truncated(b, p, ${quote(field.path)}, ${checked});`);
      }
      this.#add(`const ${variable} = ${this.#fixed(field.kind)};`, `p += ${size};`);
      checked -= size;
    });
  }

  /** Any value, checked on its own, into a variable that is declared already. */
  #value(value: PlannedValue, into: string, path: string): void {
    const size = fixedSizeOf(value.kind);
    if (size > 0) {
      this.#add(`if (e - p < ${size}) throw truncated(b, p, ${quote(path)}, ${size});`);
      this.#add(`${into} = ${this.#fixed(value.kind)};`, `p += ${size};`);
    } else if (value.kind === "struct") {
      this.#structValue(value, into, path, false);
    } else if (value.kind === "array") {
      this.#array(value, into, path);
    } else {
      this.#sized(value, into, path);
    }
  }

  #sized(value: PlannedValue, into: string, path: string): void {
    const text = value.kind === "string";
    const limit = text ? "n > e - p || n > maxStringBytes" : "n > e - p";
    const read = text ? "readText(b, p, p + n)" : "view(b, p, p + n)";
    this.#length(value, path, text ? 2 : 4);
    if (value.nullable) this.#add(`if (n < 0) { ${into} = null; } else {`);
    this.#add(`if (${value.nullable ? "" : "n < 0 || "}${limit}) throw badLength(b, p, ${quote(path)}, n);`);
    this.#add(`${into} = ${read};`, "p += n;");
    if (value.nullable) this.#add("}");
  }

  #array(value: PlannedValue, into: string, path: string): void {
    const element = value.element!;
    const least = Math.max(1, leastSizeOf(element));
    const [item, count, index] = [this.#variable("item"), this.#variable("count"), this.#variable("i")];
    this.#length(value, path, 4);
    if (value.nullable) this.#add(`if (n < 0) { ${into} = null; } else {`);
    const bound = least === 1 ? "n > e - p" : `n * ${least} > e - p`;
    this.#add(`if (${value.nullable ? "" : "n < 0 || "}${bound}) throw badLength(b, p, ${quote(path)}, n);`);
    this.#add(`if (n > ${mostElements}) throw tooMuchMemory(p, ${quote(path)});`);
    this.#memory(memoryOf(element), "n", path);
    // Of its size at once: what grows by pushes takes room for 17. #memory has seen that it may be so long.
    this.#add(
      `${into} = new Array(n);`,
      `const ${count} = n;`,
      `for (let ${index} = 0; ${index} < ${count}; ${index}++) {`,
    );
    if (element.kind === "struct" && !element.nullable) {
      this.#add(`${into}[${index}] = ${this.#struct(element.struct!)};`);
    } else {
      this.#add(`let ${item};`);
      this.#value(element, item, path);
      this.#add(`${into}[${index}] = ${item};`);
    }
    this.#add(value.nullable ? "} }" : "}");
  }

  /** Takes what `count` values need from what the message may still take. */
  #memory(bytesEach: number, count: string, path: string): void {
    this.#add(`if ((m -= ${count} * ${bytesEach}) < 0) throw tooMuchMemory(p, ${quote(path)});`);
  }

  /** Leaves the length (or count) in `n`; less than 0 is null. */
  #length(value: PlannedValue, path: string, width: 2 | 4): void {
    if (value.compact) {
      this.#unsignedVarint(path);
      this.#add("n -= 1;");
    } else {
      this.#add(`if (e - p < ${width}) throw truncated(b, p, ${quote(path)}, ${width});`);
      this.#add(`n = ${this.#fixed(width === 2 ? "int16" : "int32")};`, `p += ${width};`);
    }
  }

  #unsignedVarint(path: string): void {
    this.#add(
      "if (p < e && b[p] < 128) n = b[p++];",
      `else { n = readUnsignedVarint(b, p, ${quote(path)}); p = cursor.at; }`,
    );
  }

  /** A nullable struct has a byte before it: below 0 for null; in a tagged field an unsigned varint, 0 for null. */
  #structValue(value: PlannedValue, into: string, path: string, tagged: boolean): void {
    if (value.nullable && tagged) {
      this.#unsignedVarint(path);
      this.#add(`if (n === 0) { ${into} = null; } else {`);
    } else if (value.nullable) {
      this.#add(`if (p >= e) throw truncated(b, p, ${quote(path)}, 1);`);
      this.#add(`if (b[p++] > 127) { ${into} = null; } else {`);
    }
    this.#add(`${into} = ${this.#struct(value.struct!)};`);
    if (value.nullable) this.#add("}");
  }

  /** @returns the variable with the tagged fields that no schema knows, when they are kept. */
  #tagged(fields: readonly PlannedField[], variables: Map<string, string>): string | undefined {
    for (const field of fields) {
      const variable = this.#variable(field.name);
      variables.set(field.name, variable);
      this.#add(`let ${variable} = ${literal(defaultOf(field.field, this.#traits.exact))};`);
    }
    const unknown = this.#traits.keepUnknownTags ? this.#variable("unknown") : undefined;
    if (unknown !== undefined) this.#add(`let ${unknown};`);
    const [count, tag] = [this.#variable("left"), this.#variable("tag")];
    this.#unsignedVarint("tagged fields");
    this.#add(`for (let ${count} = n; ${count} > 0; ${count}--) {`);
    this.#unsignedVarint("tag");
    this.#add(`const ${tag} = n;`);
    this.#unsignedVarint("size of a tagged field");
    this.#add('if (n > e - p) throw badLength(b, p, "tagged field", n);', `switch (${tag}) {`);
    for (const field of fields) {
      this.#add(`case ${field.tag}: {`);
      if (field.kind === "struct") this.#structValue(field, variables.get(field.name)!, field.path, true);
      else this.#value(field, variables.get(field.name)!, field.path);
      this.#add("break; }");
    }
    this.#add("default:");
    if (unknown !== undefined) {
      this.#memory(unknownTagBytes, "1", "unknown tagged fields");
      this.#add(`(${unknown} ??= []).push({ tag: ${tag}, data: view(b, p, p + n) });`);
    }
    this.#add("p += n;", "} }");
    return unknown;
  }

  #fixed(kind: PlannedValue["kind"]): string {
    switch (kind) {
      case "int8":
        return "b[p] << 24 >> 24";
      case "boolean":
        return "b[p] !== 0";
      case "int16":
        return "(b[p] << 24 | b[p + 1] << 16) >> 16";
      case "uint16":
        return "b[p] << 8 | b[p + 1]";
      case "int32":
        return "b[p] << 24 | b[p + 1] << 16 | b[p + 2] << 8 | b[p + 3]";
      case "uint32":
        return "(b[p] << 24 | b[p + 1] << 16 | b[p + 2] << 8 | b[p + 3]) >>> 0";
      case "int64":
        return this.#traits.exact ? "readBigInt64(b, p)" : "readInt64(b, p)";
      case "float64":
        return "readFloat64(b, p)";
      case "uuid":
        return "uuidText(b, p)";
      default:
        throw new TypeError(`${kind} has no fixed size`);
    }
  }
}

const quote = JSON.stringify;

/** Source of a default. */
export function literal(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return "noBytes";
  if (Array.isArray(value)) return "[]";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${literal(inner)}`)
    .join(", ")} }`;
}
