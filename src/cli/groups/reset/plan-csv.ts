/** `--export` and `--from-file`: the CSV of kafka-consumer-groups.sh, without a header. */
import type { TopicPartition } from "../../../client/topic-partition.ts";
import { UsageError } from "../../errors.ts";
import { largest } from "../../key-values.ts";

export interface PlanRow extends TopicPartition {
  /** undefined: the file has no column for it. */
  readonly group: string | undefined;
  readonly offset: number;
}

/** topic,partition,offset of one group; the group stands in front where there may be several. */
export function planCsv(
  rows: readonly (TopicPartition & { readonly group: string; readonly newOffset: number })[],
  hasGroups: boolean,
): string {
  return rows
    .map(({ group, topic, partition, newOffset }) => {
      const names = hasGroups ? [quoted(group), quoted(topic)] : [quoted(topic)];
      return `${[...names, partition, newOffset].join(",")}\n`;
    })
    .join("");
}

/** As the tool quotes: what is longer than 24 characters it does not look at. Names with anything up to "," need it. */
function quoted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
  return name.length > 24 || /[\u0000-,]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** A line of names (TOPIC,PARTITION,NEW-OFFSET) may stand on top. @throws {UsageError} naming the line. */
export function parsePlan(text: string, file: string): PlanRow[] {
  const lines = csvLines(text.replace(/^\uFEFF/, ""), file).filter(
    ({ fields }) => fields.length > 1 || fields[0] !== "",
  );
  const [first] = lines;
  const rows = first !== undefined && isHeader(first.fields) ? lines.slice(1) : lines;
  if (rows.length === 0) throw new UsageError(`${file}: holds no offsets`);
  const columns = rows[0]!.fields.length;
  return rows.map(({ fields, line }) => {
    const where = `${file}, line ${line}`;
    if (fields.length !== columns || columns < 3 || columns > 4) {
      throw new UsageError(`${where}: expected topic,partition,offset in each line, or group,topic,partition,offset`);
    }
    const [topic, partition, offset] = fields.slice(-3) as [string, string, string];
    return {
      group: columns === 4 ? fields[0] : undefined,
      topic,
      partition: whole(partition, `${where}: partition`, largest.int32),
      offset: whole(offset, `${where}: offset`, Number.MAX_SAFE_INTEGER),
    };
  });
}

function isHeader(fields: readonly string[]): boolean {
  return fields.slice(-3).every((field) => /^[a-z-]+$/i.test(field)) && /^partition$/i.test(fields.at(-2) ?? "");
}

function whole(text: string, what: string, most: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new UsageError(`${what} "${text}": expected a number`);
}

interface Line {
  readonly fields: readonly string[];
  /** From 1. */
  readonly line: number;
}

const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function csvLines(text: string, file: string): Line[] {
  const lines: Line[] = [];
  let fields: string[] = [];
  let line = 1;
  field.lastIndex = 0;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) throw new UsageError(`${file}, line ${line}: a quote that is not closed, or within a name`);
    const [, inQuotes, plain = "", end] = found;
    fields.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    lines.push({ fields, line });
    line += 1;
    fields = [];
  }
  if (fields.length > 0) lines.push({ fields: [...fields, ""], line });
  return lines;
}
