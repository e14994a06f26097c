/**
 * What it costs to read and write messages: generated code, code by hand, the interpreters, and Java's own classes
 * (reference figures; Codecs.java measures them here).
 *
 *     node src/bench/protocol.ts
 */
import assert from "node:assert/strict";
import { nodePlatform } from "../platform/node-platform.ts";
import { JoinGroup } from "../protocol/apis/join-group.ts";
import { OffsetCommit } from "../protocol/apis/offset-commit.ts";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../protocol/codec.ts";
import { interpretDecoder } from "../protocol/interpret-decoder.ts";
import { interpretEncoder } from "../protocol/interpret-encoder.ts";
import { planOf } from "../protocol/plan.ts";
import { installUtf8 } from "../protocol/utf8.ts";
import { Writer } from "../protocol/writer.ts";
import { readFlags } from "./flags.ts";
import * as hand from "./protocol-by-hand.ts";
import { joinGroupResponse, offsetCommitRequest } from "./protocol-samples.ts";

readFlags({});
installUtf8(nodePlatform);

const response = joinGroupResponse();
const responseBytes = Buffer.from(encodeResponse(JoinGroup, 9, response));
const request = offsetCommitRequest();
const requestBytes = Buffer.from(encodeRequest(OffsetCommit, 9, request));

assert.deepEqual(Buffer.from(hand.encodeJoinGroupResponse(response)), responseBytes);
assert.deepEqual(Buffer.from(hand.encodeOffsetCommitRequest(request)), requestBytes);
assert.deepEqual(hand.decodeJoinGroupResponse(responseBytes), decodeResponse(JoinGroup, 9, responseBytes));
assert.deepEqual(hand.decodeOffsetCommitRequest(requestBytes), decodeRequest(OffsetCommit, 9, requestBytes));

const noTraits = { exact: false, keepUnknownTags: false };
const writer = new Writer();
function interpreted(message: Parameters<typeof planOf>[0]) {
  const plan = planOf(message, 9);
  const encode = interpretEncoder(plan, noTraits);
  return {
    encode: (value: unknown) => writer.finish(encode(writer, value, writer.begin())),
    decode: interpretDecoder(plan, noTraits),
  };
}
const joinGroup = interpreted(JoinGroup.response);
const offsetCommit = interpreted(OffsetCommit.request);

interface Row {
  readonly what: string;
  /** Microseconds that Java's classes take for the same on the machine of the project's reference figures. */
  readonly java: number;
  readonly generated: () => unknown;
  readonly byHand: () => unknown;
  readonly interpreted: () => unknown;
}

const rows: Row[] = [
  {
    what: "JoinGroupResponse v9, 20 members, encode",
    java: 1.4,
    generated: () => encodeResponse(JoinGroup, 9, response),
    byHand: () => hand.encodeJoinGroupResponse(response),
    interpreted: () => joinGroup.encode(response),
  },
  {
    what: "JoinGroupResponse v9, 20 members, decode",
    java: 1.1,
    generated: () => decodeResponse(JoinGroup, 9, responseBytes),
    byHand: () => hand.decodeJoinGroupResponse(responseBytes),
    interpreted: () => joinGroup.decode(responseBytes, 0),
  },
  {
    what: "OffsetCommitRequest v9, 100 partitions, encode",
    java: 2.5,
    generated: () => encodeRequest(OffsetCommit, 9, request),
    byHand: () => hand.encodeOffsetCommitRequest(request),
    interpreted: () => offsetCommit.encode(request),
  },
  {
    what: "OffsetCommitRequest v9, 100 partitions, decode",
    java: 2.0,
    generated: () => decodeRequest(OffsetCommit, 9, requestBytes),
    byHand: () => hand.decodeOffsetCommitRequest(requestBytes),
    interpreted: () => offsetCommit.decode(requestBytes, 0),
  },
];

/** Best of many short rounds, taken in turn, in microseconds: the ones least disturbed by others on the machine. */
function measure(runs: readonly (() => unknown)[]): number[] {
  const calls = 4000;
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 60; round++) {
    runs.forEach((run, index) => {
      const start = performance.now();
      for (let i = 0; i < calls; i++) run();
      best[index] = Math.min(best[index]!, ((performance.now() - start) * 1000) / calls);
    });
  }
  return best;
}

console.log("microseconds".padEnd(52), "generated  by hand  interpreted  Java");
for (const { what, java, generated, byHand, interpreted } of rows) {
  const cells = [...measure([generated, byHand, interpreted]), java].map((each) => each.toFixed(2).padStart(9));
  console.log(what.padEnd(50), cells.join(" "));
}
