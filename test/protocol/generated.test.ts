import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { LeaveGroup } from "../../src/protocol/apis/leave-group.ts";
import { decoderSource } from "../../src/protocol/compile-decoder.ts";
import { encoderSource } from "../../src/protocol/compile-encoder.ts";
import { planOf } from "../../src/protocol/plan.ts";
import type { Message } from "../../src/protocol/schema.ts";

const traits = { exact: false, keepUnknownTags: false };

/** The source as it runs, indented by its braces. */
function readable(source: string): string {
  let depth = 0;
  const lines = source.split("\n").map((line) => {
    const closing = line.match(/^[} ]*/)![0].replaceAll(" ", "").length;
    const indented = "  ".repeat(Math.max(0, depth - closing)) + line;
    depth += line.split("{").length - line.split("}").length;
    return indented;
  });
  return `${lines.join("\n")}\n`;
}

/** One small message, so that people can see what is generated, and what a change of the compiler does to it. */
function checkShown(name: string, source: string): void {
  const file = new URL(`./generated/${name}.txt`, import.meta.url);
  if (process.env.REGROUP_UPDATE === "1") writeFileSync(file, readable(source));
  assert.equal(readable(source), readFileSync(file, "utf8"));
}

test("the code that reads LeaveGroup version 4 is the one shown", () => {
  checkShown("LeaveGroup.request.v4.decode", decoderSource(planOf(LeaveGroup.request as Message, 4), traits));
});

test("the code that writes LeaveGroup version 4 is the one shown", () => {
  checkShown("LeaveGroup.response.v4.encode", encoderSource(planOf(LeaveGroup.response as Message, 4), traits).source);
});
