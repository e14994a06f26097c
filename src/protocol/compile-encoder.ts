/** Source of the function that encodes one version of one message. */
import { literal } from "./compile-decoder.ts";
import {
  defaultOf,
  fixedSizeOf,
  mayBeMissing,
  type PlannedField,
  type PlannedStruct,
  type PlannedValue,
} from "./plan.ts";

export interface EncodeTraits {
  /** Tagged fields under `unknownTaggedFields` are written too. */
  readonly keepUnknownTags: boolean;
}

/**
 * @returns the body of `function encode(w, o, p, fields)`, which writes `o` at `p` and returns where it ends; `fields`
 * are the {@link PlannedField}s that the source names by index, for the rare questions that are not worth inlining.
 */
export function encoderSource(plan: PlannedStruct, traits: EncodeTraits): { source: string; fields: PlannedField[] } {
  return new EncoderSource(traits).whole(plan);
}

/** Values that are written one after another once room for all of them is there. */
interface Run {
  /** Terms of the bytes needed at most. */
  fixed: number;
  readonly sized: string[];
  readonly writes: string[];
}

class EncoderSource {
  readonly #traits: EncodeTraits;
  readonly #lines: string[] = [];
  readonly #fields: PlannedField[] = [];
  #run: Run = { fixed: 0, sized: [], writes: [] };
  #variables = 0;

  constructor(traits: EncodeTraits) {
    this.#traits = traits;
  }

  whole(plan: PlannedStruct): { source: string; fields: PlannedField[] } {
    this.#struct(plan, "o");
    this.#flush();
    return { source: ["let b = w.bytes;", ...this.#lines, "return p;"].join("\n"), fields: this.#fields };
  }

  /** Code that does not write, or that stands outside a run. */
  #add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** A name of its own, which tells the reader of the source what it is for. */
  #variable(hint: string): string {
    return `${hint}${this.#variables++}`;
  }

  /** Ends the run: makes sure of room, then writes. */
  #flush(): void {
    const { fixed, sized, writes } = this.#run;
    if (writes.length === 0) return;
    const needed = [String(fixed), ...sized].join(" + ");
    this.#add(`if (p + ${needed} > b.length) { b = w.room(p, ${needed}); p = w.at; }`, ...writes);
    this.#run = { fixed: 0, sized: [], writes: [] };
  }

  #write(bytesAtMost: number, ...writes: string[]): void {
    this.#run.fixed += bytesAtMost;
    this.#run.writes.push(...writes);
  }

  #struct(plan: PlannedStruct, object: string): void {
    for (const field of plan.absent) this.#absent(field, object);
    for (const field of plan.fields) this.#value(field, this.#load(field, object), field.path);
    if (plan.flexible) this.#tagged(plan, object);
  }

  #load(field: PlannedField, object: string): string {
    const variable = this.#variable(field.name);
    this.#add(`let ${variable} = ${object}.${field.name};`);
    if (mayBeMissing(field))
      this.#add(`if (${variable} === undefined) ${variable} = ${literal(defaultOf(field.field))};`);
    return variable;
  }

  #absent(field: PlannedField, object: string): void {
    if (field.field.traits.ignorable) return;
    const value = `${object}.${field.name}`;
    const isOther = `${value} !== undefined && !isDefault(${this.#ask(field)}.field, ${value})`;
    this.#add(`if (${isOther}) throw unsupportedField(${quote(field.path)});`);
  }

  /** Source that names a planned field. */
  #ask(field: PlannedField): string {
    this.#fields.push(field);
    return `fields[${this.#fields.length - 1}]`;
  }

  #value(value: PlannedValue, variable: string, path: string): void {
    if (value.kind === "array") this.#array(value, variable, path);
    else if (value.kind === "struct") this.#structValue(value, variable, path, false);
    else if (value.kind === "records") this.#records(value, variable, path);
    else if (value.kind === "string" || value.kind === "bytes") this.#sized(value, variable, path);
    else this.#fixed(value.kind, variable, path);
  }

  #fixed(kind: PlannedValue["kind"], v: string, path: string): void {
    const what = quote(path);
    const wrong = rangeCheck(kind, v);
    if (wrong) this.#add(`if (${wrong}) throw badValue(${what}, ${v});`);
    const size = fixedSizeOf(kind);
    switch (kind) {
      case "int64":
        return this.#write(size, `writeInt64(b, p, ${v}, ${what}); p += 8;`);
      case "float64":
        return this.#write(size, `writeFloat64(b, p, ${v}); p += 8;`);
      case "uuid":
        return this.#write(size, `writeUuidText(b, p, ${v}, ${what}); p += 16;`);
      case "boolean":
        return this.#write(size, `b[p++] = ${v} ? 1 : 0;`);
      default: {
        const bytes = Array.from(
          { length: size },
          (_, i) => `b[p++] = ${v}${i < size - 1 ? ` >> ${8 * (size - 1 - i)}` : ""};`,
        );
        return this.#write(size, bytes.join(" "));
      }
    }
  }

  #sized(value: PlannedValue, v: string, path: string): void {
    const what = quote(path);
    const text = value.kind === "string";
    const isRight = text ? `typeof ${v} === "string"` : `${v} instanceof Uint8Array`;
    this.#add(`if (${value.nullable ? `${v} !== null && ` : ""}!(${isRight})) throw badValue(${what}, ${v});`);
    const length = text ? `3 * ${v}.length` : `${v}.length`;
    this.#run.sized.push(value.nullable ? `(${v} === null ? 0 : ${length})` : length);
    const name = value.compact ? "writeCompactText" : "writeText";
    const write = text
      ? `p = ${name}(b, p, ${v}, ${what});`
      : `${this.#lengthWrite(value, `${v}.length`, 4)} b.set(${v}, p); p += ${v}.length;`;
    const none = this.#nullWrite(value, text ? 2 : 4);
    this.#write(5, value.nullable ? `if (${v} === null) { ${none} } else { ${write} }` : write);
  }

  #lengthWrite(value: PlannedValue, length: string, width: 2 | 4): string {
    if (value.compact) return `p = writeUnsignedVarint(b, p, ${length} + 1);`;
    const bytes = Array.from({ length: width }, (_, i) => `b[p++] = ${length} >> ${8 * (width - 1 - i)};`);
    return bytes.join(" ");
  }

  #nullWrite(value: PlannedValue, width: 2 | 4): string {
    return value.compact ? "b[p++] = 0;" : "b[p++] = 255; ".repeat(width);
  }

  #records(value: PlannedValue, v: string, path: string): void {
    const size = this.#variable("size");
    if (!value.nullable) this.#add(`if (${v} === null) throw badValue(${quote(path)}, ${v});`);
    this.#add(`const ${size} = ${v} === null ? 0 : sizeOfRecords(${v}, ${quote(path)});`);
    this.#write(5, `if (${v} === null) { ${this.#nullWrite(value, 4)} } else { ${this.#lengthWrite(value, size, 4)} }`);
    this.#flush();
    this.#add(`if (${v} !== null) { w.records(p, ${v}); b = w.bytes; p = w.at; }`);
  }

  #array(value: PlannedValue, v: string, path: string): void {
    const element = value.element!;
    this.#add(
      `if (${value.nullable ? `${v} !== null && ` : ""}!Array.isArray(${v})) throw badValue(${quote(path)}, ${v});`,
    );
    const length = this.#lengthWrite(value, `${v}.length`, 4);
    this.#write(5, value.nullable ? `if (${v} === null) { ${this.#nullWrite(value, 4)} } else { ${length} }` : length);
    this.#flush();
    const [index, item] = [this.#variable("i"), this.#variable("item")];
    const count = value.nullable ? `${v} !== null && ${index} < ${v}.length` : `${index} < ${v}.length`;
    this.#add(`for (let ${index} = 0; ${count}; ${index}++) {`, `const ${item} = ${v}[${index}];`);
    this.#value(element, item, path);
    this.#flush();
    this.#add("}");
  }

  #structValue(value: PlannedValue, v: string, path: string, tagged: boolean): void {
    const notObject = `typeof ${v} !== "object"`;
    const wrong = value.nullable ? notObject : `${notObject} || ${v} === null`;
    this.#add(`if (${wrong}) throw badValue(${quote(path)}, ${v});`);
    if (!value.nullable) {
      this.#struct(value.struct!, v);
      return;
    }
    const [there, none] = tagged ? [1, 0] : [1, 255];
    this.#write(1, `b[p++] = ${v} === null ? ${none} : ${there};`);
    this.#flush();
    this.#add(`if (${v} !== null) {`);
    this.#struct(value.struct!, v);
    this.#flush();
    this.#add("}");
  }

  #tagged(plan: PlannedStruct, object: string): void {
    if (plan.tagged.length === 0 && !this.#traits.keepUnknownTags) {
      this.#write(1, "b[p++] = 0;");
      return;
    }
    const count = this.#variable("tags");
    const values = plan.tagged.map((field) => ({
      field,
      value: this.#variable(field.name),
      there: this.#variable("isThere"),
    }));
    for (const { field, value, there } of values) {
      this.#add(`const ${value} = ${object}.${field.name};`, `const ${there} = ${this.#differs(field, value)};`);
    }
    const unknown = this.#traits.keepUnknownTags ? `${object}.unknownTaggedFields` : undefined;
    const terms = values.map(({ there }) => `(${there} ? 1 : 0)`);
    if (unknown !== undefined) terms.push(`(${unknown} === undefined ? 0 : ${unknown}.length)`);
    this.#add(`const ${count} = ${terms.join(" + ")};`);
    this.#write(5, `p = writeUnsignedVarint(b, p, ${count});`);
    this.#flush();
    for (const { field, value, there } of values) this.#taggedField(field, value, there);
    if (unknown !== undefined) {
      this.#add(`if (${unknown} !== undefined) { p = writeUnknownTags(w, p, ${unknown}); b = w.bytes; }`);
    }
  }

  #differs(field: PlannedField, value: string): string {
    if (fixedSizeOf(field.kind) === 0 || field.kind === "int64") {
      return `${value} !== undefined && !isDefault(${this.#ask(field)}.field, ${value})`;
    }
    return `${value} !== undefined && ${value} !== ${literal(defaultOf(field.field))}`;
  }

  #taggedField(field: PlannedField, value: string, there: string): void {
    const mark = this.#variable("mark");
    this.#add(`if (${there}) {`);
    this.#write(6, `p = writeUnsignedVarint(b, p, ${field.tag}) + 1;`);
    this.#flush();
    this.#add(`const ${mark} = p - 1 - w.start;`);
    if (field.kind === "struct") this.#structValue(field, value, field.path, true);
    else this.#value(field, value, field.path);
    this.#flush();
    this.#add(`p = w.closeTag(${mark}, p); b = w.bytes;`, "}");
  }
}

/** True in the generated code when the value does not fit. */
function rangeCheck(kind: PlannedValue["kind"], v: string): string | undefined {
  switch (kind) {
    case "int8":
      return `${v} !== (${v} << 24 >> 24)`;
    case "int16":
      return `${v} !== (${v} << 16 >> 16)`;
    case "int32":
      return `${v} !== (${v} | 0)`;
    case "uint16":
      return `${v} !== (${v} & 65535)`;
    case "uint32":
      return `${v} !== (${v} >>> 0)`;
    case "float64":
      return `typeof ${v} !== "number"`;
    case "boolean":
      return `typeof ${v} !== "boolean"`;
    case "uuid":
      return `typeof ${v} !== "string"`;
    default:
      return undefined; // writeInt64 looks for itself
  }
}

const quote = JSON.stringify;
