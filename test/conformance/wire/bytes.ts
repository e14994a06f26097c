/** Grows as it is written: Kafka's primitive types, big endian. */
export class Writer {
  private buffer = Buffer.alloc(256);
  private length = 0;

  /** The buffer, with `size` more bytes that end at `length`. */
  private reserve(size: number): Buffer {
    this.length += size;
    if (this.length > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(this.length, this.buffer.length * 2));
      this.buffer.copy(larger);
      this.buffer = larger;
    }
    return this.buffer;
  }

  int8(value: number): void {
    this.reserve(1).writeInt8(value, this.length - 1);
  }
  int16(value: number): void {
    this.reserve(2).writeInt16BE(value, this.length - 2);
  }
  uint16(value: number): void {
    this.reserve(2).writeUInt16BE(value, this.length - 2);
  }
  int32(value: number): void {
    this.reserve(4).writeInt32BE(value, this.length - 4);
  }
  uint32(value: number): void {
    this.reserve(4).writeUInt32BE(value, this.length - 4);
  }
  int64(value: number | bigint): void {
    this.reserve(8).writeBigInt64BE(BigInt(value), this.length - 8);
  }
  float64(value: number): void {
    this.reserve(8).writeDoubleBE(value, this.length - 8);
  }
  bytes(value: Uint8Array): void {
    this.reserve(value.length).set(value, this.length - value.length);
  }
  uint8(value: number): void {
    this.reserve(1).writeUInt8(value, this.length - 1);
  }
  unsignedVarint(value: number): void {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.uint8((rest & 0x7f) | 0x80);
    this.uint8(rest);
  }
  /** Zigzag, up to 64 bits. */
  varlong(value: number | bigint): void {
    const wide = BigInt(value);
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    for (; rest > 0x7fn; rest >>= 7n) this.uint8(Number(rest & 0x7fn) | 0x80);
    this.uint8(Number(rest));
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

/** Reads what a broker sent; throws RangeError where it ends too early. */
export class Reader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.buffer.length - this.at;
  }

  private take(size: number): number {
    if (size < 0 || size > this.left) throw new RangeError(`${size} bytes wanted, ${this.left} left`);
    const at = this.at;
    this.at += size;
    return at;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }
  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }
  uint16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }
  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }
  uint32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }
  /** A number where it is exact, else a bigint. */
  int64(): number | bigint {
    const wide = this.buffer.readBigInt64BE(this.take(8));
    const narrow = Number(wide);
    return Number.isSafeInteger(narrow) ? narrow : wide;
  }
  float64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }
  bytes(size: number): Buffer {
    const at = this.take(size);
    return this.buffer.subarray(at, at + size);
  }
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("an unsigned varint of more than 5 bytes");
  }
  varlong(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = BigInt(this.buffer[this.take(1)] as number);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
    }
    throw new RangeError("a varlong of more than 10 bytes");
  }
}
