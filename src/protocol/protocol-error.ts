export type ProtocolErrorKind =
  /** The bytes end inside a value. */
  | "truncated"
  /** A length or count is larger than what remains, or than Kafka allows. */
  | "too large"
  /** A length below zero, or null, where the field may not be null. */
  | "negative length"
  /** A variable-length integer of more than 32 (or 64) bits. */
  | "invalid varint"
  /** The message has no such version. */
  | "unknown version"
  /** A value that cannot be written in its field: wrong type, out of range, or missing. */
  | "invalid value"
  /** A value other than the default in a field that the version lacks and that may not be dropped. */
  | "unsupported field";

/** Bytes that are no such message, or a value that cannot be written as one. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly kind: ProtocolErrorKind;
  constructor(kind: ProtocolErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
