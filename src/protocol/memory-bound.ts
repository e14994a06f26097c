/**
 * How much memory a decoded message may take. An element of two bytes can become an object of two hundred: without a
 * bound, one frame of socket.request.max.bytes would fill the heap. What clients really send needs 2 to 7 times its
 * bytes.
 */
import type { PlannedValue } from "./plan.ts";

/** Every message may take as much, whatever its size. */
const freeBytes = 16 * 1024 * 1024;
/** And as many bytes for each of its own. */
const bytesPerByte = 8;

/** Memory that a message of this many bytes may take, beside the bytes themselves. */
export function memoryBound(messageBytes: number): number {
  return freeBytes + bytesPerByte * messageBytes;
}

/**
 * The longest array: V8 makes a longer one a hash table, and fills it ten times slower, seconds in which nobody else is
 * served. By its bytes a message may have more where an element takes one or two of them.
 */
export const mostElements = 2 ** 25;

/** An object's header, and one pointer. */
const objectBytes = 24;
const slotBytes = 8;
const viewBytes = 104;
/** A tagged field that is kept though no schema knows it. */
export const unknownTagBytes = objectBytes + 3 * slotBytes + viewBytes;

/** Memory of a value while its arrays are empty and its text is short, as V8 lays it out; an estimate. */
export function memoryOf(value: PlannedValue): number {
  switch (value.kind) {
    case "struct": {
      const { fields, tagged, absent } = value.struct!;
      const all = [...fields, ...tagged, ...absent];
      return all.reduce((sum, field) => sum + memoryOf(field), slotBytes + objectBytes);
    }
    case "string":
    case "uuid":
    case "array":
      return slotBytes + objectBytes;
    case "bytes":
    case "records":
      return slotBytes + viewBytes;
    case "int64":
    case "float64":
      return 2 * slotBytes;
    default:
      return slotBytes;
  }
}
