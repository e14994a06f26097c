import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { MemberFrames } from "../../src/bench/load/member-frames.ts";
import { Member } from "../../src/bench/load/members.ts";
import { Wire } from "../../src/bench/load/wire.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { decodeRequest } from "../../src/protocol/codec.ts";
import { decodeSubscription } from "../../src/protocol/consumer-protocol.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { peekRequest, readRequestHeader } from "../../src/protocol/frame.ts";

test("members subscribe as consumers do: a group of others never forms on Kafka, which reads it", async (t) => {
  const asked = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.once("data", asked.resolve));
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const wire = await Wire.open(`127.0.0.1:${(server.address() as { port: number }).port}`);
  t.after(() => wire.close());
  new Member(wire, new MemberFrames("g", 45_000), () => undefined).join();
  const frame = (await asked.promise).subarray(4);
  const { apiVersion } = peekRequest(frame);
  const { bodyAt } = readRequestHeader(JoinGroup, apiVersion, frame);
  const request = decodeRequest(JoinGroup, apiVersion, frame.subarray(bodyAt));
  assert.deepEqual(
    request.protocols.map(({ metadata }) => decodeSubscription(metadata).topics),
    [["bench-topic"]],
  );
});

test("who leaves does not join again, whatever the answers to its earlier questions tell", () => {
  const sent: Uint8Array[] = [];
  const wire = { onAnswer: (_: Buffer) => undefined, send: (frame: Uint8Array) => sent.push(frame) };
  const member = new Member(wire as unknown as Wire, new MemberFrames("g", 45_000), () => undefined);
  const answerWith = (errorCode: number) => {
    const answer = Buffer.alloc(20); // correlation id, tags, throttle time, error
    answer.writeInt16BE(errorCode, 9);
    wire.onAnswer(answer);
  };
  let hasLeft = false;
  member.heartbeat();
  member.leave(() => {
    hasLeft = true;
  });
  answerWith(ErrorCode.REBALANCE_IN_PROGRESS);
  assert.equal(hasLeft, false);
  answerWith(ErrorCode.NONE);
  assert.equal(hasLeft, true);
  assert.equal(sent.length, 2);
});
