import assert from "node:assert/strict";
import { test } from "node:test";
import { witnessesWith } from "../../src/bench/compare/witnesses.ts";

test("each witness is there with what it needs, whatever the other lacks", () => {
  const ids = (java?: string, kcat?: string) => {
    const { trials, missing } = witnessesWith({ java, kcat });
    return [trials.map(({ id }) => id), missing.map(({ id, needs }) => `${id}: ${needs}`)];
  };
  assert.deepEqual(ids("17.0.15", "1.7.1"), [["witness-java", "witness-kcat"], []]);
  assert.deepEqual(ids(undefined, "1.7.1"), [["witness-kcat"], ["witness-java: Java 17 or later"]]);
  assert.deepEqual(ids("17.0.15"), [["witness-java"], ["witness-kcat: kcat"]]);
  assert.deepEqual(ids(), [[], ["witness-java: Java 17 or later", "witness-kcat: kcat"]]);
});
