/** The hashes by which Kafka and its clients choose partitions. All results are signed 32-bit integers, as in Java. */
import { uuidBytes } from "./uuid.ts";

/** Java's String.hashCode, over UTF-16 code units. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/**
 * The partition of `__consumer_offsets` or `__transaction_state` that holds a group or transactional id: the broker
 * that leads it is the coordinator. The one hash without an absolute value, -2^31, counts as 0.
 */
export function coordinatorPartition(id: string, partitions: number): number {
  const hash = javaStringHash(id);
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions;
}

/** MurmurHash2 with Kafka's seed, over a record's key. */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995;
  const length = bytes.length;
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const mixed = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> 24), multiplier);
  }
  if (at < length) {
    for (let i = length - 1; i >= at; i--) hash ^= bytes[i]! << (8 * (i - at));
    hash = Math.imul(hash, multiplier);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}

/** Where Java's default partitioner sends a record with this key. */
export function keyPartition(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Java's hashCode of Kafka's Uuid. */
export function uuidHash(uuid: string): number {
  const bytes = uuidBytes(uuid);
  const words = new DataView(bytes.buffer);
  return words.getInt32(0) ^ words.getInt32(4) ^ words.getInt32(8) ^ words.getInt32(12);
}

/** Kafka's order of UUIDs: two signed 64-bit halves, the first one first. */
export function compareUuids(left: string, right: string): number {
  if (left === right) return 0;
  const [a, b] = [uuidBytes(left), uuidBytes(right)];
  for (let i = 0; i < 16; i++) {
    const signBit = i % 8 === 0 ? 0x80 : 0;
    const difference = (a[i]! ^ signBit) - (b[i]! ^ signBit);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Zero stands for "none" and one for the metadata topic; Kafka keeps the rest of the first hundred for itself. */
export function isReservedUuid(uuid: string): boolean {
  const bytes = uuidBytes(uuid);
  return bytes[15]! < 100 && bytes.subarray(0, 15).every((byte) => byte === 0);
}

/** May a random UUID be handed out? Not a reserved one, nor one that would look like an option on a command line. */
export function isUsableUuid(uuid: string): boolean {
  return !uuid.startsWith("-") && !isReservedUuid(uuid);
}
