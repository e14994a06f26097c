/**
 * CRC-32 in plain JavaScript, eight bytes at a step ("slicing by 8"): 32C (Castagnoli) guards batches of format 2, the
 * older one of gzip and PNG messages of formats 0 and 1. The tables are made at first use.
 */
type Tables = readonly Uint32Array[];

const castagnoli = 0x82f6_3b78;
const ieee = 0xedb8_8320;

function makeTables(polynomial: number): Tables {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[0]![byte] = crc;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[slice - 1]![byte]!;
      tables[slice]![byte] = (before >>> 8) ^ tables[0]![before & 0xff]!;
    }
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

function run(tables: Tables, bytes: Uint8Array, start: number, end: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** CRC-32C of bytes[start, end), as an unsigned number. */
export const crc32c = crcOf(castagnoli);
/** CRC-32 (IEEE) of bytes[start, end), as an unsigned number. */
export const crc32 = crcOf(ieee);
