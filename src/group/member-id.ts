import type { Rng } from "../coordinator/clock.ts";

/** `prefix-uuid`; the prefix is the client id, or the instance id of a static member. */
export function newMemberId(prefix: string, rng: Rng): string {
  const random = rng.bytes(16);
  random[6] = (random[6]! & 0x0f) | 0x40; // version 4
  random[8] = (random[8]! & 0x3f) | 0x80; // variant of RFC 4122
  let hex = "";
  for (const byte of random) hex += byte.toString(16).padStart(2, "0");
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  return `${prefix}-${uuid}`;
}
