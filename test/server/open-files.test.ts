import assert from "node:assert/strict";
import { test } from "node:test";
import { mostSegmentsOpen } from "../../src/server/open-files.ts";

const limits = (open: string) =>
  `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    unlimited            bytes
Max open files            ${open}                20000                files
`;

test("half of the files that a process may open are for segments, within reason", () => {
  assert.equal(mostSegmentsOpen(limits("20000")), 10_000);
  assert.equal(mostSegmentsOpen(limits("1048576")), 16_384);
  assert.equal(mostSegmentsOpen(limits("256")), 128);
  assert.equal(mostSegmentsOpen(""), 512);
});
