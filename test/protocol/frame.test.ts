import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { apiByKey } from "../../src/protocol/apis/index.ts";
import { decodeRequest } from "../../src/protocol/codec.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import {
  decodeResponseFrame,
  encodeRequestFrame,
  encodeResponseFrame,
  peekRequest,
  readRequestHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from "../../src/protocol/frame.ts";
import { zeroUuid } from "../../src/protocol/schema.ts";
import { fromHex, toHex, vectorJson, vectorLines } from "../vectors.ts";

interface GoldenFrame {
  readonly api: string;
  readonly key: number;
  readonly version: number;
  readonly kind: "request" | "response";
  readonly case?: string;
  readonly headerVersion: number;
  readonly correlationId: number;
  readonly clientId?: string | null;
  readonly hex: string;
}

const joined = (pieces: Uint8Array[]): string => pieces.map(toHex).join("");

test("frames: size, header and body of requests are Kafka's in each API", () => {
  for (const line of vectorLines<GoldenFrame>("protocol/frames.jsonl").filter(({ kind }) => kind === "request")) {
    const api = apiByKey.get(line.key)!;
    const frame = fromHex(line.hex).subarray(4);
    const { key: apiKey, version: apiVersion, correlationId } = line;
    assert.deepEqual(peekRequest(frame), { apiKey, apiVersion, correlationId }, line.api);
    assert.equal(requestHeaderVersion(api, line.version), line.headerVersion, line.api);
    const { header, bodyAt } = readRequestHeader(api, line.version, frame);
    const clientId = line.clientId ?? null;
    assert.deepEqual(header, { requestApiKey: apiKey, requestApiVersion: apiVersion, correlationId, clientId });
    const request = decodeRequest(api, line.version, frame.subarray(bodyAt), { exact: true });
    const again = encodeRequestFrame(api, line.version, { correlationId, clientId }, request);
    assert.equal(joined(again), line.hex, `${line.api} v${line.version}`);
  }
});

test("frames: size, header and body of responses are Kafka's in each API", () => {
  for (const line of vectorLines<GoldenFrame>("protocol/frames.jsonl").filter(({ kind }) => kind === "response")) {
    const api = apiByKey.get(line.key)!;
    assert.equal(responseHeaderVersion(api, line.version), line.headerVersion, line.api);
    const frame = fromHex(line.hex).subarray(4);
    const { correlationId, response } = decodeResponseFrame(api, line.version, frame, { exact: true });
    assert.equal(correlationId, line.correlationId);
    const again = encodeResponseFrame(api, line.version, correlationId, response);
    assert.equal(joined(again), line.hex, `${line.api} v${line.version}`);
  }
});

test("KIP-511: an unknown version of ApiVersions is answered in version 0, with the range of ApiVersions", () => {
  const line = vectorLines<GoldenFrame>("protocol/frames.jsonl").find(
    (frame) => frame.case === "requestVersionTooHigh",
  )!;
  const [minVersion, maxVersion] = ApiVersions.advertised;
  const apiKeys = [{ apiKey: ApiVersions.key, minVersion, maxVersion }];
  const response = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys };
  assert.equal(joined(encodeResponseFrame(ApiVersions, 0, line.correlationId, response)), line.hex);
});

test("versions that a broker advertises are Kafka's", () => {
  interface GoldenApi {
    readonly apiKey: number;
    readonly name: string;
    readonly minVersion: number;
    readonly maxVersion: number;
    readonly listeners: readonly string[];
    readonly advertisedByBroker?: { readonly min: number; readonly max: number };
  }
  const { apis } = vectorJson<{ apis: GoldenApi[] }>("protocol/apis.json");
  const ofBroker = apis.filter(({ listeners }) => listeners.includes("broker"));
  assert.deepEqual(
    [...apiByKey.keys()],
    ofBroker.map(({ apiKey }) => apiKey),
  );
  for (const golden of ofBroker) {
    const api = apiByKey.get(golden.apiKey)!;
    const { min, max } = golden.advertisedByBroker!;
    assert.equal(api.name, golden.name);
    assert.deepEqual(api.versions, [golden.minVersion, golden.maxVersion], api.name);
    assert.deepEqual(api.advertised, [min, max], api.name);
  }
});

test("rule 58: bytes after the end of a request are ignored", () => {
  const [frame] = encodeRequestFrame(
    Heartbeat,
    3,
    { correlationId: 7, clientId: "a" },
    { groupId: "g", generationId: 1, memberId: "m" },
  );
  const longer = new Uint8Array([...frame!.subarray(4), 1, 2, 3]);
  const { bodyAt } = readRequestHeader(Heartbeat, 3, longer);
  const request = { groupId: "g", generationId: 1, memberId: "m", groupInstanceId: null, maxWaitMs: 0 };
  assert.deepEqual(decodeRequest(Heartbeat, 3, longer.subarray(bodyAt)), request);
});

test("large record batches go out as they are, small ones are copied, and the size counts all of them", () => {
  const large = new Uint8Array(5000).fill(1);
  const small = new Uint8Array(100).fill(2);
  const pieces = encodeResponseFrame(Fetch, 12, 99, {
    responses: [
      {
        topic: "orders",
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 3,
            abortedTransactions: null,
            records: [large, small, large],
          },
          { partitionIndex: 1, errorCode: 0, highWatermark: 3, abortedTransactions: null, records: small },
          { partitionIndex: 2, errorCode: 0, highWatermark: 3, abortedTransactions: null, records: null },
        ],
      },
    ],
    sessionId: 0,
  });
  assert.equal(pieces.filter((piece) => piece === large).length, 2);
  const whole = Buffer.concat(pieces);
  assert.equal(whole.readInt32BE(0), whole.length - 4);
  const { response } = decodeResponseFrame(Fetch, 12, whole.subarray(4));
  const read = response.responses[0]!.partitions.map(({ records }) => records);
  assert.deepEqual(read, [new Uint8Array([...large, ...small, ...large]), small, null]);
  assert.equal(response.responses[0]!.topicId, zeroUuid);
});
