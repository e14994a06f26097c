/** Keys of the admin client. Defaults are those of the Java client of Kafka 4.3.1. */
import { clientKeys } from "./client-keys.ts";
import { type ConfigInputOf, type ConfigOf, int, number } from "./config-key.ts";

export const adminKeys = {
  ...clientKeys,
  "connections.max.idle.ms": number(300_000, -1),
  retries: int(0x7fffffff),
} as const;
export type AdminConfig = ConfigOf<typeof adminKeys>;
/** Keys of the Java client for one admin, spelled `"request.timeout.ms"` or `requestTimeoutMs`. */
export type AdminConfigInput = ConfigInputOf<typeof adminKeys>;
