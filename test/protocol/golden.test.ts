import assert from "node:assert/strict";
import { test } from "node:test";
import { apis } from "../../src/protocol/apis/index.ts";
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from "../../src/protocol/consumer-protocol.ts";
import * as controlRecords from "../../src/protocol/control-records.ts";
import { RequestHeader, ResponseHeader } from "../../src/protocol/frame.ts";
import { DefaultPrincipalData } from "../../src/protocol/principal-data.ts";
import { Message } from "../../src/protocol/schema.ts";
import { vectorLines } from "../vectors.ts";
import { checkGolden, type GoldenLine } from "./golden.ts";

const messages = new Map<string, Message>();
for (const api of apis) {
  messages.set(`${api.name} request`, api.request);
  messages.set(`${api.name} response`, api.response);
}
for (const message of [RequestHeader, ResponseHeader]) messages.set(`${message.name} header`, message);
for (const message of [ConsumerProtocolAssignment, ConsumerProtocolSubscription, DefaultPrincipalData]) {
  messages.set(`${message.name} data`, message);
}
for (const message of Object.values(controlRecords)) messages.set(`${message.name} data`, message);

const lines = Map.groupBy(vectorLines<GoldenLine>("protocol/golden.jsonl"), ({ api, kind }) => `${api} ${kind}`);

for (const [name, golden] of lines) {
  test(`${name}: the bytes of Kafka in each version, read and written`, () => {
    const message = messages.get(name);
    assert.ok(message instanceof Message, "there is a schema");
    for (const line of golden) {
      try {
        checkGolden(message, line);
      } catch (error) {
        throw new Error(`version ${line.version}, case ${line.case}`, { cause: error });
      }
    }
    const versions = new Set(golden.map(({ version }) => version));
    const [lowest, highest] = message.versions;
    assert.equal(versions.size, highest - lowest + 1, "golden lines for each version of the schema");
  });
}

test("every schema has golden lines", () => {
  assert.deepEqual([...messages.keys()].sort(), [...lines.keys()].sort());
});
