/**
 * Where a command's data goes: stdout, in the format that `-o` names.
 *
 *     await output.rows(topics, { topic: (it) => it.topic, partitions: (it) => it.partitions.length });
 */
import { writeOut } from "../stdout.ts";
import { type Cell, type Columns, type Listing, listing, objectsOf } from "./columns.ts";
import { csvText } from "./csv.ts";
import { tableText } from "./table.ts";

export const formats = ["table", "json", "yaml", "csv"] as const;
export type Format = (typeof formats)[number];

/** What is more than one listing: nested in JSON and YAML, one table after the other for people. */
export interface Document {
  readonly data: Cell;
  readonly sections: readonly Listing[];
  /** What CSV shows of it. */
  readonly csv: Listing;
}

export class Output {
  readonly format: Format;
  readonly #colours: boolean;

  constructor(format: Format) {
    this.format = format;
    this.#colours = usesColours(process.stdout);
  }

  /** A list of things of one kind. A table without rows is not shown: say so on stderr where it matters. */
  async rows<Row>(rows: Iterable<Row>, columns: Columns<Row>): Promise<void> {
    const list = listing(rows, columns);
    if (this.format === "table") return this.#tables([list]);
    if (this.format === "csv") return writeOut(csvText(list));
    return this.data(objectsOf(list));
  }

  async document({ data, sections, csv }: Document): Promise<void> {
    if (this.format === "table") return this.#tables(sections);
    if (this.format === "csv") return writeOut(csvText(csv));
    return this.data(data);
  }

  /** As YAML if that is the format, else as JSON. */
  async data(data: Cell): Promise<void> {
    if (this.format !== "yaml") return writeOut(`${JSON.stringify(data, undefined, 2)}\n`);
    const { stringify } = await import("yaml");
    await writeOut(stringify(data));
  }

  async #tables(tables: readonly Listing[]): Promise<void> {
    const options = { colours: this.#colours };
    const shown = tables.filter(({ rows }) => rows.length > 0);
    await writeOut(shown.map((table) => tableText(table, options)).join("\n"));
  }
}

/** On a terminal, unless NO_COLOR says no; FORCE_COLOR says yes anywhere (no-color.org, force-color.org). */
export function usesColours(stream: { readonly isTTY?: boolean }, environment = process.env): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return stream.isTTY === true && TERM !== "dumb";
}
