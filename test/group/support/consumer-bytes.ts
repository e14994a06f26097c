/** Subscriptions and assignments of the consumer protocol, version 0, written without the code under test. */
export function subscription(...topics: string[]): Uint8Array {
  return bytes([...int16(0), ...int32(topics.length), ...topics.flatMap(text), ...int32(-1)]);
}

/** @param owned topic → partitions */
export function assignment(owned: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const topics = Object.entries(owned);
  return bytes([
    ...int16(0),
    ...int32(topics.length),
    ...topics.flatMap(([topic, partitions]) => [
      ...text(topic),
      ...int32(partitions.length),
      ...partitions.flatMap(int32),
    ]),
    ...int32(-1),
  ]);
}

function bytes(values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function int16(value: number): number[] {
  return [value >> 8, value];
}

function int32(value: number): number[] {
  return [value >> 24, value >> 16, value >> 8, value];
}

function text(value: string): number[] {
  const encoded = new TextEncoder().encode(value);
  return [...int16(encoded.length), ...encoded];
}
