import type { Rng } from "../coordinator/clock.ts";
import { uuidText } from "../protocol/uuid.ts";

/** A random (version 4) UUID in Kafka's text; never one that starts with a dash, which tools take for an option. */
export function randomUuid(rng: Rng): string {
  for (;;) {
    const bytes = rng.bytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const text = uuidText(bytes);
    if (!text.startsWith("-")) return text;
  }
}
