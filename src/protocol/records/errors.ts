/**
 * What can be wrong with record bytes:
 * - `corrupt`: framing or checksum; Kafka answers CORRUPT_MESSAGE
 * - `invalid`: a checksum that fits, around a structure that does not; Kafka answers INVALID_RECORD
 * - `truncated`: the bytes end too early
 * - `varint`: a varint longer than its type allows
 * - `compression-type`: an id that names no codec
 */
export type RecordsErrorReason = "corrupt" | "invalid" | "truncated" | "varint" | "compression-type";

export class RecordsError extends Error {
  override readonly name = "RecordsError";
  readonly reason: RecordsErrorReason;
  constructor(reason: RecordsErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
