/** Columns are written down once, with their types, and printed in every format. */

/** null: there is none. Objects and lists stay what they are in JSON and YAML. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [name: string]: Cell };

export type Colour = "red" | "green" | "yellow" | "cyan" | "gray" | "bold";

export interface Column<Row> {
  readonly value: (row: Row) => Cell;
  /** Heads the column of a table; default: its name as Kafka's tools write it, CURRENT-OFFSET. */
  readonly title?: string;
  /** In a table, where the value alone reads badly: "3 s ago". */
  readonly text?: (row: Row) => string;
  /** On a terminal. */
  readonly colour?: (row: Row) => Colour | undefined;
}

/**
 * By the names that JSON, YAML and CSV have: `{ topic: (row) => row.topic, currentOffset: { value: …, colour: … } }`.
 * Their order is that of the output.
 */
export type Columns<Row> = Readonly<Record<string, Column<Row> | ((row: Row) => Cell)>>;

/** Rows under their columns, evaluated. */
export interface Listing {
  /** A line above it in a table. */
  readonly heading: string | undefined;
  readonly names: readonly string[];
  readonly titles: readonly string[];
  readonly rows: readonly (readonly ListedCell[])[];
}

export interface ListedCell {
  readonly value: Cell;
  readonly text: string | undefined;
  readonly colour: Colour | undefined;
}

export function listing<Row>(rows: Iterable<Row>, columns: Columns<Row>, heading?: string): Listing {
  const entries = Object.entries(columns).map(([name, column]) => {
    return { name, column: typeof column === "function" ? { value: column } : column } as const;
  });
  const cellOf = ({ value, text, colour }: Column<Row>, row: Row): ListedCell => {
    return { value: value(row), text: text?.(row), colour: colour?.(row) };
  };
  return {
    heading,
    names: entries.map(({ name }) => name),
    titles: entries.map(({ name, column }) => column.title ?? titleOf(name)),
    rows: Array.from(rows, (row) => entries.map(({ column }) => cellOf(column, row))),
  };
}

/** currentOffset is CURRENT-OFFSET. */
function titleOf(name: string): string {
  return name.replaceAll(/([A-Z])/g, "-$1").toUpperCase();
}

/** For JSON and YAML. */
export function objectsOf({ names, rows }: Listing): Record<string, Cell>[] {
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]!.value])));
}
