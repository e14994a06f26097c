/**
 * What can be wrong with record bytes:
 * - `corrupt`: framing or checksum; Kafka answers CORRUPT_MESSAGE
 * - `invalid`: a checksum that fits, around a structure that does not; Kafka answers INVALID_RECORD
 * - `varint`: the length of a record is a varint of more than 5 bytes; Kafka answers UNKNOWN_SERVER_ERROR
 * - `compression-type`: an id that names no codec; Kafka answers UNKNOWN_SERVER_ERROR
 */
export type RecordsErrorReason = "corrupt" | "invalid" | "varint" | "compression-type";

export class RecordsError extends Error {
  override readonly name = "RecordsError";
  readonly reason: RecordsErrorReason;
  constructor(reason: RecordsErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
