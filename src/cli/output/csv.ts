/** RFC 4180, with line feeds as ends of lines. */
import type { Cell, Listing } from "./columns.ts";

export function csvText({ names, rows }: Listing): string {
  const lines = [names, ...rows.map((row) => row.map(({ value }) => fieldOf(value)))];
  return lines.map((line) => `${line.map(quoted).join(",")}\n`).join("");
}

/** None is empty; several texts or numbers stand with blanks between them; what is deeper is JSON. */
function fieldOf(value: Cell): string {
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  const isFlat = Array.isArray(value) && value.every((each) => each !== null && typeof each !== "object");
  return isFlat ? value.join(" ") : JSON.stringify(value);
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
