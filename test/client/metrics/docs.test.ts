import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type Definition, definitions } from "../../../src/client/metrics/definitions.ts";

const file = new URL("../../../docs/observability.md", import.meta.url);

function table(): string {
  const rows = Object.entries<Definition>(definitions).map(([name, { type, unit, about, attributes }]) => {
    return `| \`${name}\` | ${type} | ${unit} | ${about}${attributes === undefined ? "" : `; by ${attributes}`} |`;
  });
  return ["| name | type | unit | what |", "|---|---|---|---|", ...rows, ""].join("\n");
}

test("docs/observability.md tells every metric (npm test -- metrics/docs --update writes it)", () => {
  const text = readFileSync(file, "utf8");
  const written = text.replace(/\| name \| type \| unit \| what \|\n(\|.*\n)*/, table());
  if (process.env.REGROUP_UPDATE !== undefined) writeFileSync(file, written);
  assert.equal(text, written);
  assert.ok(text.includes(table()));
});
