/**
 * What `regroup/broker` exports: the broker without sockets and files, and what it is made with. Pure.
 * @module regroup/broker
 */

export type { Clock, Instant, Rng } from "../coordinator/clock.ts";
export { type Log, LogError } from "../log/log.ts";
export { openMemoryLog } from "../log/memory/memory-log.ts";
export { ConfigError } from "../metadata/config-def.ts";
export { plainPlatform } from "../protocol/plain-platform.ts";
export type { Platform } from "../protocol/platform.ts";
export { type Broker, type BrokerOptions, createBroker } from "./broker.ts";
export { BrokerConfig } from "./config.ts";
export { loadConfig } from "./config-sources.ts";
export type { Endpoint, Logger } from "./context.ts";
