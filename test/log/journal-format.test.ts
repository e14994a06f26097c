import assert from "node:assert/strict";
import { test } from "node:test";
import {
  blockHeaderBytes,
  blockIsWhole,
  readBlockHeader,
  type Summed,
  sealBlock,
} from "../../src/log/file/journal-format.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";

const at = 10;
const entriesBytes = 20_000;
const end = at + blockHeaderBytes + entriesBytes;
const header = { entriesBytes, sequence: 3, firstEntry: 40, groupEntry: 38, count: 2 };

function sealed(stretches: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = Uint8Array.from({ length: end + 5 }, (_, index) => index * 7);
  const summed = stretches.map(([start, end]): Summed => {
    return { start, end, crc: nodePlatform.crc32c(bytes, start, end) };
  });
  sealBlock(bytes, at, header, nodePlatform, summed);
  return bytes;
}

const first = at + blockHeaderBytes;
const cases: Record<string, readonly (readonly [number, number])[]> = {
  nothing: [],
  "its last entry": [[first + 33, end]],
  "two entries with headers between them": [
    [first + 33, first + 9000],
    [first + 9033, end],
  ],
  "an entry, and behind it one that is not known": [[first + 33, first + 9000]],
};

for (const [what, stretches] of Object.entries(cases)) {
  test(`a block of which ${what} is known has the checksum of all its bytes`, () => {
    const bytes = sealed(stretches);
    assert.deepEqual(bytes, sealed([]));
    assert.ok(blockIsWhole(bytes, at, readBlockHeader(bytes, at)!, nodePlatform));
  });
}

test("what is told as known is not read: a byte that changed under way is found when the block is read", () => {
  const bytes = sealed([]);
  const crc = nodePlatform.crc32c(bytes, first + 33, end);
  bytes[first + 500]! ^= 1;
  sealBlock(bytes, at, header, nodePlatform, [{ start: first + 33, end, crc }]);
  assert.equal(blockIsWhole(bytes, at, readBlockHeader(bytes, at)!, nodePlatform), false);
});
