/**
 * Clients that wrote format 0 computed the checksum of an LZ4 frame's header over the wrong bytes (KAFKA-3160). Kafka
 * ignores it there; a strict decoder does not, so it gets the right one.
 */
const magicBytes = 4;
const flagContentSize = 0x08;

const prime1 = 0x9e37_79b1;
const prime2 = 0x85eb_ca77;
const prime3 = 0xc2b2_ae3d;
const prime4 = 0x27d4_eb2f;
const prime5 = 0x1656_67b1;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** xxHash-32 with seed 0 of less than 16 bytes, as short as the header of a frame is. */
function shortXxHash32(bytes: Uint8Array): number {
  let hash = (prime5 + bytes.length) | 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(rotate((hash + Math.imul(word, prime3)) | 0, 17), prime4);
  }
  for (; at < bytes.length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A copy of the frame whose header has the checksum that it should have. */
export function withRightHeaderChecksum(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  const contentSizeBytes = ((frame[magicBytes] ?? 0) & flagContentSize) === 0 ? 0 : 8;
  const checksumAt = magicBytes + 2 + contentSizeBytes;
  copy[checksumAt] = shortXxHash32(copy.subarray(magicBytes, checksumAt)) >>> 8;
  return copy;
}
