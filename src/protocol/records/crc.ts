/**
 * CRC-32 in plain JavaScript, eight bytes at a step ("slicing by 8"): 32C (Castagnoli) guards batches of format 2, the
 * older one of gzip and PNG messages of formats 0 and 1. The tables are made at first use.
 */
/** The eight tables one behind the other: in one array a lookup costs half of what it costs in eight. */
type Tables = Int32Array;

const castagnoli = 0x82f6_3b78;
const ieee = 0xedb8_8320;

function makeTables(polynomial: number): Tables {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

function crcOf(polynomial: number): (bytes: Uint8Array, start: number, end: number) => number {
  let tables: Tables | undefined;
  return (bytes, start, end) => {
    tables ??= makeTables(polynomial);
    return run(tables, bytes, start, end);
  };
}

function run(t: Tables, bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[0x700 | (crc & 0xff)]! ^
      t[0x600 | ((crc >>> 8) & 0xff)]! ^
      t[0x500 | ((crc >>> 16) & 0xff)]! ^
      t[0x400 | (crc >>> 24)]! ^
      t[0x300 | bytes[at + 4]!]! ^
      t[0x200 | bytes[at + 5]!]! ^
      t[0x100 | bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** CRC-32C of bytes[start, end), as an unsigned number. */
export const crc32c = crcOf(castagnoli);
/** CRC-32 (IEEE) of bytes[start, end), as an unsigned number. */
export const crc32 = crcOf(ieee);

/** One power of x for each bit of a length: x to 2^at, modulo the polynomial; the highest bit is the one without x. */
let powers: Int32Array | undefined;

/** Product of two remainders, modulo Castagnoli's polynomial, with bits in the order of a checksum. */
function times(a: number, b: number): number {
  let product = 0;
  let shifted = b | 0;
  for (let rest = a | 0; rest !== 0; rest <<= 1) {
    product ^= shifted & (rest >> 31);
    shifted = (shifted >>> 1) ^ (castagnoli & -(shifted & 1));
  }
  return product;
}

function makePowers(): Int32Array {
  const made = new Int32Array(34); // 2^31 bytes have 2^34 bits
  made[0] = 1 << 30;
  for (let at = 1; at < made.length; at++) made[at] = times(made[at - 1]!, made[at - 1]!);
  return made;
}

/**
 * CRC-32C of two stretches of bytes, one behind the other, from the checksums of both: a few hundred steps, whatever
 * their length.
 * @param secondBytes length of the second.
 */
export function joinCrc32c(first: number, second: number, secondBytes: number): number {
  powers ??= makePowers();
  let joined = first | 0;
  for (let rest = secondBytes, at = 3; rest !== 0; rest >>>= 1, at++) {
    if ((rest & 1) !== 0) joined = times(joined, powers[at]!);
  }
  return (joined ^ second) >>> 0;
}
