/**
 * What the npm package `regroup` exports: all of `regroup/broker` and `regroup/client`, and the broker as a server.
 * @module regroup
 */
export * from "./broker/index.ts";
export * from "./client/index.ts";
export { nodePlatform } from "./platform/node-platform.ts";
export { StartError } from "./server/listen.ts";
export { machineClock, machineRng } from "./server/machine-clock.ts";
export { type StartedServer, type StartServerOptions, startServer } from "./server/start-server.ts";
