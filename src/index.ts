/** What the npm package `regroup` exports. */
export { type Broker, type BrokerOptions, createBroker } from "./broker/broker.ts";
export { BrokerConfig } from "./broker/config.ts";
export { loadConfig } from "./broker/config-sources.ts";
export type { Endpoint, Logger } from "./broker/context.ts";
export type { Clock, Instant, Rng } from "./coordinator/clock.ts";
export { type Log, LogError } from "./log/log.ts";
export { openMemoryLog } from "./log/memory/memory-log.ts";
export { ConfigError } from "./metadata/config-def.ts";
export { nodePlatform } from "./platform/node-platform.ts";
export { plainPlatform } from "./protocol/plain-platform.ts";
export type { Platform } from "./protocol/platform.ts";
export { StartError } from "./server/listen.ts";
export { machineClock, machineRng } from "./server/machine-clock.ts";
export { type StartedServer, type StartServerOptions, startServer } from "./server/start-server.ts";
