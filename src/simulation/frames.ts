/** Frames on their way, whole and without the size in front. */
import { joined } from "../protocol/codec.ts";

/** @param pieces as an encoder made them. One alone is not copied: nobody writes there again (protocol/writer.ts). */
export function withoutSize(pieces: readonly Uint8Array[]): Uint8Array {
  return joined(pieces).subarray(4);
}
