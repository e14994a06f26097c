import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c, joinCrc32c } from "../../../src/protocol/records/crc.ts";

const check = Buffer.from("123456789");

test("CRC-32C of the digits is the one that every description of it names", () => {
  assert.equal(crc32c(check, 0, check.length), 0xe306_9283);
});

test("property: the checksums of two stretches join to that of both, wherever the bytes are parted", () => {
  const bytesAndCut = fc
    .uint8Array({ maxLength: 3000 })
    .chain((bytes) => fc.tuple(fc.constant(bytes), fc.nat(bytes.length)));
  fc.assert(
    fc.property(bytesAndCut, ([bytes, cut]) => {
      const joined = joinCrc32c(crc32c(bytes, 0, cut), crc32c(bytes, cut, bytes.length), bytes.length - cut);
      assert.equal(joined, crc32c(bytes, 0, bytes.length));
    }),
  );
});

test("they join also where the second stretch is long", () => {
  const bytes = new Uint8Array(5_000_011).fill(7);
  const joined = joinCrc32c(crc32c(bytes, 0, 5), crc32c(bytes, 5, bytes.length), bytes.length - 5);
  assert.equal(joined, crc32c(bytes, 0, bytes.length));
});
