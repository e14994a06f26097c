/**
 * The one seam between the pure rooms and the machine: UTF-8, CRC-32C, compression, and clients' regular expressions.
 * `src/platform/` fills it on Node; `plainPlatform` (plain-platform.ts) is plain JavaScript and runs anywhere.
 */
export interface Platform {
  /** UTF-8 text of bytes[start, end); malformed sequences become U+FFFD, as Java's decoder does. */
  utf8Decode(bytes: Uint8Array, start: number, end: number): string;
  /** Bytes that `text` takes as UTF-8; a lone surrogate counts as Java's encoder writes it ("?", one byte). */
  utf8Length(text: string): number;
  /** Writes `text` as UTF-8 at `at`. @returns the number of bytes written. */
  utf8Write(text: string, into: Uint8Array, at: number): number;
  /** CRC-32C (Castagnoli) of bytes[start, end), as an unsigned 32-bit number. */
  crc32c(bytes: Uint8Array, start: number, end: number): number;
  /** @throws {CompressionError} when the codec is not to be had on this platform. */
  compress(codec: CompressionCodec, bytes: Uint8Array): Uint8Array;
  /**
   * @param maxBytes the most that the result may take; a bomb ends here.
   * @throws {CompressionError} when the bytes are damaged, larger than `maxBytes`, or the codec is not to be had.
   */
  decompress(codec: CompressionCodec, bytes: Uint8Array, maxBytes: number): Uint8Array;
  /**
   * Whether a text as a whole is what an RE2 expression means, in time that grows with the text only: JavaScript's own
   * expressions would let a client stop the broker. @returns undefined when it is no expression.
   */
  fullMatcher(re2: string): ((text: string) => boolean) | undefined;
}

/** Kafka's compression types; the number is the one in the attributes of a batch. `none` never reaches the seam. */
export const compressionCodecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CompressionType = (typeof compressionCodecs)[number];
export type CompressionCodec = Exclude<CompressionType, "none">;

export class CompressionError extends Error {
  override readonly name = "CompressionError";
}
