import assert from "node:assert/strict";
import { test } from "node:test";
import { Slabs } from "../../src/log/file/slabs.ts";

const slabBytes = 64 * 1024;

test("a slab that went is used again, but not when somebody was given a view of it", () => {
  const slabs = new Slabs(slabBytes);
  const places = Array.from({ length: 6 }, () => slabs.reserve(slabBytes));
  const view = slabs.lend(places[2]!.address + 5, 10);
  assert.equal(view.byteOffset, 5);
  slabs.view(places[1]!.address, 10);
  slabs.release(places[4]!.address, 0);
  assert.equal(slabs.firstAddress, places[4]!.address);
  const later = new Set(Array.from({ length: 6 }, () => slabs.reserve(slabBytes).bytes));
  const used = places.map(({ bytes }) => later.has(bytes));
  assert.deepEqual(used, [true, true, false, true, false, false]);
});

test("only so much is kept for later, and only slabs of the usual size", () => {
  const slabs = new Slabs(slabBytes);
  const places = [slabs.reserve(5 * slabBytes), ...Array.from({ length: 40 }, () => slabs.reserve(slabBytes))];
  const { address } = slabs.reserve(1);
  slabs.release(address, 0);
  const later = new Set(Array.from({ length: 40 }, () => slabs.reserve(slabBytes).bytes));
  assert.ok(!later.has(places[0]!.bytes));
  assert.equal(places.filter(({ bytes }) => later.has(bytes)).length, 16);
});
