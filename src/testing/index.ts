/**
 * What `regroup/testing` exports: a broker that other people's tests start, await, break and look into.
 * @module regroup/testing
 */
import type { StartBrokerOptions } from "./options.ts";
import { TestBroker } from "./test-broker.ts";

/**
 * A broker in this process, in memory, at a free port. Any client connects to it.
 * @example
 * await using kafka = await startBroker({ topics: { orders: 3 } })
 * @throws {ConfigError} `StartError` when a config is wrong, or the port is taken.
 */
export function startBroker(options: StartBrokerOptions = {}): Promise<TestBroker> {
  return TestBroker.start(options);
}

export type { ErrorName } from "../protocol/errors.ts";
export {
  assertCommitted,
  assertNoErrors,
  assertRebalances,
  assertRequests,
  type ExpectedRebalances,
} from "./assertions.ts";
export type { AwaitOptions } from "./awaiting.ts";
export { AwaitTimeoutError } from "./awaiting.ts";
export { ControlPort } from "./control-port.ts";
export type { Duration } from "./duration.ts";
export type { Fault, FaultRule, HeldRequests } from "./faults.ts";
export type { Group, GroupMember, GroupView, StableOptions } from "./group.ts";
export type { Rebalance, RequestEntry, RequestFilter } from "./history.ts";
export type { StartBrokerOptions, TopicSpec } from "./options.ts";
export type { TestBroker } from "./test-broker.ts";
export type { TestClock } from "./test-clock.ts";
export type { TestRecord, Topic } from "./topic.ts";
