import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerConfig } from "../../src/broker/config.ts";
import type { MetadataShard, MetadataView } from "../../src/broker/context.ts";
import { InternalTopics } from "../../src/broker/internal-topics.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";

test("why a coordinator's topic cannot be made is told once, and again when it is another reason", async () => {
  const warnings: string[] = [];
  const refusal = { errorCode: ErrorCode.INVALID_CONFIG as ErrorCode, errorMessage: "segment.bytes: too small" };
  const metadata = { topic: () => undefined } as unknown as MetadataView;
  const submit = async () => ({ ok: true, reply: [refusal] });
  const shard = { submit, settled: async () => {} } as unknown as MetadataShard;
  const logger = {
    debug() {},
    info() {},
    error() {},
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const topics = new InternalTopics(metadata, shard, new BrokerConfig(new Map()), logger);
  const ensure = () => topics.ensure("__consumer_offsets");

  const first = "__consumer_offsets cannot be made, and without it there is no coordinator: INVALID_CONFIG segment";
  assert.deepEqual(await Promise.all([ensure(), ensure()]), [ErrorCode.INVALID_CONFIG, ErrorCode.INVALID_CONFIG]);
  await ensure();
  assert.equal(warnings.length, 1);
  assert.ok(warnings[0]!.startsWith(first), warnings[0]!);

  refusal.errorCode = ErrorCode.NONE;
  assert.equal(await ensure(), ErrorCode.NONE);
  refusal.errorCode = ErrorCode.INVALID_CONFIG;
  await ensure();
  assert.equal(warnings.length, 2); // it was there meanwhile

  await topics.create("orders"); // who asks for it is told
  assert.equal(warnings.length, 2);
});
