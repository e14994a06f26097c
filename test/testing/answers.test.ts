import assert from "node:assert/strict";
import { test } from "node:test";
import { servedApis } from "../../src/broker/handlers/index.ts";
import { decodeRequest, encodeRequest } from "../../src/protocol/codec.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { decodeResponseFrame, encodeResponseFrame } from "../../src/protocol/frame.ts";
import { defaultOf } from "../../src/protocol/plan.ts";
import { type Api, asField, type Field, type RequestOf, type Shape } from "../../src/protocol/schema.ts";
import { refusal } from "../../src/testing/answers.ts";

/** A request with one element in each list that the version has. */
function sample(shape: Shape, version: number): object {
  return Object.fromEntries(Object.entries(shape).map(([name, spec]) => [name, sampleOf(asField(spec), version)]));
}

function sampleOf(field: Field, version: number): unknown {
  const { type, traits } = field;
  const isThere = version >= traits.since && version <= traits.until && traits.tag === undefined;
  if (!isThere) return undefined;
  if (type.kind === "array") return [sampleOf(type.element, version)];
  if (type.kind === "struct") return sample(type.shape, version);
  if (type.kind === "string") return "name";
  return defaultOf(field.with({ nullableSince: Number.POSITIVE_INFINITY }));
}

function errorsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(errorsIn);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => (/errorCode$/i.test(name) ? [field] : errorsIn(field)));
}

for (const { api } of servedApis.values()) {
  test(`${api.name} can fail in each of its versions, and a client reads the error`, () => {
    const [, highest] = api.advertised;
    for (let version = api.versions[0]; version <= highest; version++) {
      const bytes = encodeRequest(api, version, sample(api.request.shape, version) as RequestOf<Api>);
      const request = decodeRequest(api, version, Buffer.concat([bytes].flat()));
      const answer = refusal(api, version, request, ErrorCode.ILLEGAL_GENERATION);
      const frame = Buffer.concat(encodeResponseFrame(api, version, 1, answer!));
      const { response } = decodeResponseFrame(api, version, frame.subarray(4));
      assert.ok(errorsIn(response).includes(ErrorCode.ILLEGAL_GENERATION), `version ${version}`);
    }
  });
}
