/**
 * Bytes of the journal. A file is a sequence of blocks; a block is a header and entries. Numbers are big-endian.
 *
 *     block   magic u32 · crc32c u32 of all that follows · length u32 of the entries · file sequence u32
 *             · number of its first entry u64 · number of its group's first entry u64 · number of entries u32
 *     entry   kind u32 · partition number u32 · length u32 · payload
 */
import type { Platform } from "../../protocol/platform.ts";
import { joinCrc32c } from "../../protocol/records/crc.ts";
import { readInt64, readUint32, writeInt32, writeInt64 } from "../../protocol/records/integers.ts";

export const blockHeaderBytes = 36;
export const entryHeaderBytes = 12;
export const blockMagic = 0x52_47_4a_31; // "RGJ1"

/** The number is the kind in the file. */
export const entryKinds = ["", "append", "create", "delete", "start", "truncate", "epoch"] as const;
export type EntryKind = Exclude<(typeof entryKinds)[number], "">;

export interface BlockHeader {
  readonly entriesBytes: number;
  readonly sequence: number;
  readonly firstEntry: number;
  readonly groupEntry: number;
  readonly count: number;
}

export interface Entry {
  readonly number: number;
  readonly kind: EntryKind;
  readonly partition: number;
  readonly payload: Uint8Array;
}

/** A stretch of a block whose checksum is known, as that of a batch that was verified. */
export interface Summed {
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/**
 * Fills the header of a block whose entries lie behind it.
 * @param summed in their order; these bytes are not read again.
 */
export function sealBlock(
  bytes: Uint8Array,
  at: number,
  header: BlockHeader,
  platform: Platform,
  summed: readonly Summed[],
): void {
  writeInt32(bytes, at, blockMagic);
  writeInt32(bytes, at + 8, header.entriesBytes);
  writeInt32(bytes, at + 12, header.sequence);
  writeInt64(bytes, at + 16, header.firstEntry);
  writeInt64(bytes, at + 24, header.groupEntry);
  writeInt32(bytes, at + 32, header.count);
  const end = at + blockHeaderBytes + header.entriesBytes;
  writeInt32(bytes, at + 4, checksum(bytes, at + 8, end, platform, summed));
}

function checksum(
  bytes: Uint8Array,
  start: number,
  end: number,
  platform: Platform,
  summed: readonly Summed[],
): number {
  let crc = 0; // of no bytes
  let at = start;
  const goOn = (to: number, more: number) => {
    crc = joinCrc32c(crc, more, to - at);
    at = to;
  };
  for (const known of summed) {
    goOn(known.start, platform.crc32c(bytes, at, known.start));
    goOn(known.end, known.crc);
  }
  goOn(end, platform.crc32c(bytes, at, end));
  return crc;
}

/** The header at `at`, unchecked; undefined when there is none. */
export function readBlockHeader(bytes: Uint8Array, at: number): BlockHeader | undefined {
  if (at + blockHeaderBytes > bytes.length || readUint32(bytes, at) !== blockMagic) return undefined;
  return readBlockFields(bytes, at);
}

/** What a header at `at` would say, be there one or not. */
export function readBlockFields(bytes: Uint8Array, at: number): BlockHeader & { readonly magic: number } {
  return {
    magic: readUint32(bytes, at),
    entriesBytes: readUint32(bytes, at + 8),
    sequence: readUint32(bytes, at + 12),
    firstEntry: readInt64(bytes, at + 16),
    groupEntry: readInt64(bytes, at + 24),
    count: readUint32(bytes, at + 32),
  };
}

export function blockIsWhole(bytes: Uint8Array, at: number, header: BlockHeader, platform: Platform): boolean {
  const end = at + blockHeaderBytes + header.entriesBytes;
  return end <= bytes.length && platform.crc32c(bytes, at + 8, end) === readUint32(bytes, at + 4);
}

export function writeEntryHeader(
  bytes: Uint8Array,
  at: number,
  entry: { readonly kind: EntryKind; readonly partition: number; readonly payloadBytes: number },
): void {
  writeInt32(bytes, at, entryKinds.indexOf(entry.kind));
  writeInt32(bytes, at + 4, entry.partition);
  writeInt32(bytes, at + 8, entry.payloadBytes);
}

/** The entries of a whole block. */
export function* readEntries(bytes: Uint8Array, at: number, header: BlockHeader): Generator<Entry, void, undefined> {
  let position = at + blockHeaderBytes;
  for (let index = 0; index < header.count; index++) {
    const kind = entryKinds[readUint32(bytes, position)];
    if (!kind) throw new RangeError(`journal entry ${header.firstEntry + index} is of a kind that this version lacks`);
    const start = position + entryHeaderBytes;
    const end = start + readUint32(bytes, position + 8);
    const partition = readUint32(bytes, position + 4);
    yield { number: header.firstEntry + index, kind, partition, payload: bytes.subarray(start, end) };
    position = end;
  }
}
