import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defects } from "./defects.ts";

test("there are at least 40 defects to plant, each in a place that is there once", () => {
  assert.ok(defects.length >= 40);
  assert.equal(new Set(defects.map(({ name }) => name)).size, defects.length);
  for (const { name, file, from } of defects) {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
    assert.equal(source.split(from).length - 1, 1, `${name}: ${file}`);
  }
});
