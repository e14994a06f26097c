import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import {
  decodeRequest,
  decodeResponse,
  decoderOf,
  encodeRequest,
  encodeResponse,
  encoderOf,
  type UnknownTaggedField,
} from "../../src/protocol/codec.ts";
import { ProtocolError } from "../../src/protocol/protocol-error.ts";
import { fromHex, toHex } from "../vectors.ts";

test("functions are compiled once for each version, by the name of message and version", () => {
  assert.equal(decoderOf(JoinGroup.request, 9), decoderOf(JoinGroup.request, 9));
  assert.notEqual(decoderOf(JoinGroup.request, 9), decoderOf(JoinGroup.request, 8));
  assert.notEqual(encoderOf(JoinGroup.request, 9), encoderOf(JoinGroup.response, 9));
  try {
    decodeRequest(JoinGroup, 9, new Uint8Array(1));
    assert.fail("one byte is no request");
  } catch (error) {
    assert.match((error as Error).stack!, /regroup\/JoinGroup\.request\.v9\.decode/);
  }
});

test("what is left out is written as its default, and every field is there when read", () => {
  const request = { groupId: "billing", generationId: 3, memberId: "m" };
  for (const version of [0, 1, 2, 3, 4]) {
    const read = decodeRequest(Heartbeat, version, encodeRequest(Heartbeat, version, request));
    assert.deepEqual(read, { ...request, groupInstanceId: null, maxWaitMs: 0 });
  }
});

test("KIP-482: unknown tagged fields are skipped, or kept and written again when asked for", () => {
  const bytes = fromHex("000000000000" + "01080161"); // one tagged field: tag 8, one byte
  assert.deepEqual(decodeResponse(Heartbeat, 4, bytes), { throttleTimeMs: 0, errorCode: 0 });
  const kept = decodeResponse(Heartbeat, 4, bytes, { keepUnknownTags: true });
  const { unknownTaggedFields } = kept as { unknownTaggedFields?: UnknownTaggedField[] };
  assert.deepEqual(unknownTaggedFields, [{ tag: 8, data: new Uint8Array([0x61]) }]);
  assert.equal(toHex(encodeResponse(Heartbeat, 4, kept, { keepUnknownTags: true })), toHex(bytes));
  assert.equal(toHex(encodeResponse(Heartbeat, 4, kept)), "00000000000000");
});

test("a heartbeat that may wait carries a tag that Kafka does not know; one that may not is Kafka's own", () => {
  const request = { groupId: "g", generationId: 1, memberId: "m", groupInstanceId: null };
  const plain = toHex(encodeRequest(Heartbeat, 4, request));
  assert.equal(plain, "0267" + "00000001" + "026d" + "00" + "00");
  assert.equal(toHex(encodeRequest(Heartbeat, 4, { ...request, maxWaitMs: 0 })), plain);
  const waiting = encodeRequest(Heartbeat, 4, { ...request, maxWaitMs: 15_000 });
  assert.equal(toHex(waiting), `${plain.slice(0, -2)}01${"e7e401"}04${"00003a98"}`);
  assert.equal(decodeRequest(Heartbeat, 4, waiting).maxWaitMs, 15_000);
  assert.equal(decodeRequest(Heartbeat, 3, encodeRequest(Heartbeat, 3, { ...request, maxWaitMs: 1 })).maxWaitMs, 0);
});

test("a long tagged field moves to make room for its size", () => {
  const supportedFeatures = Array.from({ length: 200 }, (_, n) => ({
    name: `feature.number.${n}`,
    minVersion: 0,
    maxVersion: n,
  }));
  for (const count of [0, 1, 5, 20, 200]) {
    const response = { errorCode: 0, apiKeys: [], supportedFeatures: supportedFeatures.slice(0, count) };
    const read = decodeResponse(ApiVersions, 4, encodeResponse(ApiVersions, 4, response));
    assert.deepEqual(read.supportedFeatures, response.supportedFeatures);
  }
});

test("bytes that are read are views of the frame, those that are written are nobody else's", () => {
  const metadata = new Uint8Array([1, 2, 3]);
  const request = { groupId: "g", sessionTimeoutMs: 1, memberId: "", protocolType: "consumer" };
  const first = encodeRequest(JoinGroup, 5, { ...request, protocols: [{ name: "range", metadata }] });
  const copy = Uint8Array.from(first);
  for (let n = 0; n < 2000; n++) encodeRequest(JoinGroup, 5, { ...request, protocols: [] });
  assert.deepEqual(first, copy);
  const read = decodeRequest(JoinGroup, 5, first).protocols[0]!.metadata;
  assert.equal(read.buffer, first.buffer);
  assert.deepEqual(read, metadata);
});

test("a message that cannot be written leaves nothing behind in the next one", () => {
  const records = new Uint8Array(5000);
  const good = { acks: 1, timeoutMs: 1, topicData: [{ name: "t", partitionData: [{ index: 0, records }] }] };
  const bad = { ...good, topicData: [...good.topicData, { name: "x".repeat(40_000), partitionData: [] }] };
  const before = encodeRequest(Produce, 12, good);
  assert.throws(() => encodeRequest(Produce, 12, bad), ProtocolError);
  assert.deepEqual(encodeRequest(Produce, 12, good), before);
});

test("messages larger than any slab are written whole", () => {
  const members = Array.from({ length: 10_000 }, (_, n) => ({
    memberId: `consumer-billing-${n}-주문`,
    metadata: new Uint8Array(100).fill(n),
  }));
  const response = { errorCode: 0, protocolName: "range", leader: "", memberId: "", members };
  const read = decodeResponse(JoinGroup, 9, encodeResponse(JoinGroup, 9, response));
  assert.deepEqual(
    read.members,
    members.map((member) => ({ ...member, groupInstanceId: null })),
  );
});
