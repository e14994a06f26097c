import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { type Columns, listing } from "../../src/cli/output/columns.ts";
import { csvText } from "../../src/cli/output/csv.ts";
import { usesColours } from "../../src/cli/output/output.ts";
import { tableText } from "../../src/cli/output/table.ts";

interface Row {
  readonly group: string;
  readonly lag: number | null;
}

const columns: Columns<Row> = {
  groupId: ({ group }) => group,
  logEndLag: { value: ({ lag }) => lag, colour: ({ lag }) => (lag === 0 ? "green" : undefined) },
};
const table = (rows: Row[], colours = false) => tableText(listing(rows, columns), { colours });

test("a table has numbers to the right, and a dash where there is nothing", () => {
  const rows = [
    { group: "billing", lag: 120 },
    { group: "audit", lag: null },
    { group: "", lag: 7 },
  ];
  assert.equal(
    table(rows),
    ["GROUP-ID  LOG-END-LAG", "billing           120", "audit               -", "-                   7", ""].join("\n"),
  );
});

test("names cannot steer the terminal", () => {
  const text = table([{ group: "a\u001b[2Jb\nc\u009b", lag: 1 }]);
  assert.match(text, /^a\\x1b\[2Jb\\x0ac\\x9b +1$/m);
});

test("letters beyond ASCII take one column each", () => {
  const rows = [
    { group: "größe", lag: 1 },
    { group: "abcde", lag: 2 },
  ];
  assert.equal(table(rows), "GROUP-ID  LOG-END-LAG\ngröße               1\nabcde               2\n");
});

test("colours do not move columns", () => {
  const text = table([{ group: "a", lag: 0 }], true);
  assert.ok(text.includes("\u001b[32m0\u001b[39m"));
  assert.equal(stripVTControlCharacters(text), table([{ group: "a", lag: 0 }]));
});

test("CSV quotes what needs it, and has no dash", () => {
  const rows = [
    { group: 'a,"b"\nc', lag: null },
    { group: "plain", lag: 3 },
  ];
  assert.equal(csvText(listing(rows, columns)), 'groupId,logEndLag\n"a,""b""\nc",\nplain,3\n');
});

test("CSV has lists with blanks between, and JSON for what is deeper", () => {
  const deep = { replicas: () => [1, 2], configs: () => ({ a: "1" }) };
  assert.equal(csvText(listing([1], deep)), 'replicas,configs\n1 2,"{""a"":""1""}"\n');
  assert.match(tableText(listing([1], deep), { colours: false }), /^1,2 {7}a=1$/m);
});

test("colours appear on a terminal only, and the environment has the last word", () => {
  const [terminal, pipe] = [{ isTTY: true }, {}];
  assert.equal(usesColours(terminal, {}), true);
  assert.equal(usesColours(pipe, {}), false);
  assert.equal(usesColours(terminal, { TERM: "dumb" }), false);
  assert.equal(usesColours(terminal, { NO_COLOR: "1" }), false);
  assert.equal(usesColours(terminal, { NO_COLOR: "" }), true);
  assert.equal(usesColours(pipe, { FORCE_COLOR: "1" }), true);
  assert.equal(usesColours(terminal, { FORCE_COLOR: "0" }), false);
});
