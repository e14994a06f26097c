/** Tables for people: two blanks between columns, numbers to the right, so that awk and cut can read them too. */
import { styleText } from "node:util";
import type { Cell, Colour, ListedCell, Listing } from "./columns.ts";

export interface TableOptions {
  readonly colours: boolean;
}

const gap = "  ";

export function tableText({ heading, titles, rows }: Listing, { colours }: TableOptions): string {
  const texts = rows.map((row) => row.map(({ value, text }) => printable(text ?? textOf(value))));
  const widths = titles.map((title, index) => {
    return texts.reduce((widest, row) => Math.max(widest, widthOf(row[index]!)), widthOf(title));
  });
  const toTheRight = titles.map((_, index) => rows.length > 0 && rows.every((row) => isNumberOrNone(row[index]!)));
  const line = (cells: readonly string[], styles: readonly (Colour | undefined)[]) => {
    const padded = cells.map((text, index) => {
      const blanks = " ".repeat(widths[index]! - widthOf(text));
      const styled = coloured(text, styles[index], colours);
      return toTheRight[index] ? blanks + styled : styled + blanks;
    });
    return `${padded.join(gap).trimEnd()}\n`;
  };
  const above = heading === undefined ? "" : `${coloured(printable(heading), "bold", colours)}\n`;
  const head = line(titles, new Array(titles.length).fill("bold"));
  return (
    above +
    head +
    texts
      .map((row, index) =>
        line(
          row,
          rows[index]!.map(({ colour }) => colour),
        ),
      )
      .join("")
  );
}

function coloured(text: string, colour: Colour | undefined, colours: boolean): string {
  return colour === undefined || !colours ? text : styleText(colour, text, { validateStream: false });
}

function isNumberOrNone({ value }: ListedCell): boolean {
  return value === null || typeof value === "number";
}

/** One word wherever it can be one. */
export function textOf(value: Cell): string {
  if (value === null || value === "") return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(textOf).join(",");
  if (typeof value !== "object") return String(value);
  return textOf(Object.entries(value).map(([name, each]) => `${name}=${textOf(each)}`));
}

/** Group ids and client ids are any text: what would steer a terminal is shown instead. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** In characters; East Asian wide ones are not counted twice. */
function widthOf(text: string): number {
  return /^[\u0020-\u007e]*$/.test(text) ? text.length : [...text].length;
}
