import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("where code may not be generated, the interpreter does the work", () => {
  const script = `
    import { JoinGroup } from "./src/protocol/apis/join-group.ts";
    import { decodeResponse, encodeResponse } from "./src/protocol/codec.ts";
    const members = [{ memberId: "m", metadata: new Uint8Array([1, 2]) }];
    const response = { errorCode: 0, protocolName: "range", leader: "m", memberId: "m", members };
    const bytes = encodeResponse(JoinGroup, 9, response);
    console.log(JSON.stringify(decodeResponse(JoinGroup, 9, bytes).members[0].memberId));
    try { new Function("return 1"); } catch (error) { console.log(error.name); }
  `;
  const args = ["--disallow-code-generation-from-strings", "--input-type=module-typescript", "--eval", script];
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  assert.equal(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }), '"m"\nEvalError\n');
});
