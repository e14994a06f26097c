/** docs/testing.md shows what runs: its recipes are those of recipes/, its routes those of the control port. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { routes } from "../../src/testing/control-routes.ts";

const docs = readFileSync("docs/testing.md", "utf8");
const folder = "test/testing/recipes";
const recipes = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8"));

test("every block of code among the recipes stands so in a recipe that runs", () => {
  const section = docs.slice(docs.indexOf("## Recipes"), docs.indexOf("## Other languages"));
  const blocks = [...section.matchAll(/```\w+\n([\s\S]*?)\n```/g)].map((match) => match[1]!);
  assert.equal(blocks.length, 19);
  for (const block of blocks)
    assert.ok(
      recipes.some((recipe) => recipe.includes(block)),
      block,
    );
});

test("every route of the control port is told, with all that it takes", () => {
  const rows = docs.split("\n").filter((line) => line.startsWith("| `"));
  for (const [route, { takes }] of Object.entries(routes)) {
    const row = rows.find((line) => line.includes(`\`${route}`));
    assert.ok(row !== undefined, route);
    const more = route.includes("requests") || route === "POST /faults" ? ["on", "skip", "times"] : takes;
    for (const key of more.filter((each) => takes.includes(each))) assert.ok(row.includes(key), `${route}: ${key}`);
  }
});
