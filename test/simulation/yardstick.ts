/**
 * How fast this machine is just now: the CPU time of a fixed piece of plain JavaScript that encodes, decodes and keeps,
 * as the simulator does, and calls nothing of regroup. What is measured beside it can be compared with what was
 * measured in another hour.
 */
const rounds = 7;
const entries = 8192;
const passes = 24;

interface Entry {
  readonly name: string;
  readonly partition: number;
  readonly offset: number;
}

/** @returns milliseconds, of the best of a few rounds. */
export function yardstickMs(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

function work(): void {
  const bytes = new Uint8Array(64);
  const kept = new Map<string, Entry>();
  for (let pass = 0; pass < passes; pass++) {
    for (let index = 0; index < entries; index++) {
      const entry = { name: `orders-${index}`, partition: index % 20, offset: pass * entries + index };
      const end = encode(entry, bytes);
      const { name, ...rest } = decode(bytes.subarray(0, end));
      const before = kept.get(name);
      if (before !== undefined && before.offset >= rest.offset) throw new Error(`${name} goes back`);
      kept.set(name, { name, ...rest });
    }
  }
}

function encode({ name, partition, offset }: Entry, bytes: Uint8Array): number {
  let at = 0;
  bytes[at++] = name.length;
  for (let index = 0; index < name.length; index++) bytes[at++] = name.charCodeAt(index);
  return writeVarint(bytes, writeVarint(bytes, at, partition), offset);
}

function writeVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  return at;
}

function decode(bytes: Uint8Array): Entry {
  const end = 1 + bytes[0]!;
  let name = "";
  for (let at = 1; at < end; at++) name += String.fromCharCode(bytes[at]!);
  const numbers: number[] = [];
  for (let at = end; at < bytes.length; at++) {
    let value = 0;
    let shift = 0;
    for (; bytes[at]! > 127; shift += 7) value |= (bytes[at++]! & 127) << shift;
    numbers.push(value | (bytes[at]! << shift));
  }
  return { name, partition: numbers[0]!, offset: numbers[1]! };
}
