/** Assertions for any test runner: they throw the AssertionError of node:assert, whose difference all of them show. */
import { AssertionError, deepStrictEqual, strictEqual } from "node:assert";
import { requestLine } from "./group.ts";
import type { RequestEntry, RequestFilter } from "./history.ts";
import type { TestBroker } from "./test-broker.ts";

/** What the rebalances of a group are to be. */
export interface ExpectedRebalances {
  /** So many, or no more than so many. */
  readonly count?: number;
  readonly atMost?: number;
  /** Partitions that changed their owner in all of them together. */
  readonly movedPartitions?: number;
}

/** The rebalances of a group since its beginning, or since `kafka.forget()`. @throws {AssertionError} */
export function assertRebalances(kafka: TestBroker, group: string, expected: ExpectedRebalances): void {
  const rebalances = kafka.rebalances(group);
  const told = rebalances.map(({ toGeneration, reason }) => `\n  generation ${toGeneration}: ${reason}`).join("");
  const { count, atMost, movedPartitions } = expected;
  if (count !== undefined) strictEqual(rebalances.length, count, `rebalances of ${group}:${told}`);
  if (atMost !== undefined && rebalances.length > atMost) {
    throw failed(`at most ${atMost} rebalances of ${group} were expected:${told}`, rebalances.length, atMost);
  }
  if (movedPartitions === undefined) return;
  const moved = rebalances.reduce((sum, rebalance) => sum + rebalance.movedPartitions, 0);
  strictEqual(moved, movedPartitions, `partitions of ${group} that moved:${told}`);
}

/** What a group has committed now, by topic and partition; nothing else. @throws {AssertionError} */
export async function assertCommitted(
  kafka: TestBroker,
  group: string,
  expected: Readonly<Record<string, Readonly<Record<number, number>>>>,
): Promise<void> {
  const { offsets } = await kafka.group(group).view();
  deepStrictEqual(offsets, expected, `committed by ${group}: ${JSON.stringify(offsets)}`);
}

/** So many requests came which the filter takes. @throws {AssertionError} */
export function assertRequests(kafka: TestBroker, filter: RequestFilter, count: number): void {
  const found = kafka.requests(filter);
  strictEqual(found.length, count, `requests like ${JSON.stringify(filter)}:\n${found.map(requestLine).join("\n")}`);
}

/** Kafka's everyday answers that a client expects and that are no error to anybody. */
const everyday = ["MEMBER_ID_REQUIRED", "REBALANCE_IN_PROGRESS"];

/** A heartbeat may wait at the broker; it hears at last that its member has left. */
function hasLeft(kafka: TestBroker, { api, clientId, atMs, errors }: RequestEntry): boolean {
  if (api !== "Heartbeat" || errors.join() !== "UNKNOWN_MEMBER_ID") return false;
  return kafka.requests({ api: "LeaveGroup", clientId }).some((leave) => leave.atMs >= atMs);
}

/** No request was answered with an error, but those named and everyday ones. @throws {AssertionError} */
export function assertNoErrors(kafka: TestBroker, filter: RequestFilter = {}, but: readonly string[] = []): void {
  const isExpected = (error: string) => everyday.includes(error) || but.includes(error);
  const isFailure = (entry: RequestEntry) => !entry.errors.every(isExpected) && !hasLeft(kafka, entry);
  const failures = kafka.requests(filter).filter(isFailure);
  if (failures.length === 0) return;
  throw failed(`no errors were expected:\n${failures.map(requestLine).join("\n")}`, failures.length, 0);
}

function failed(message: string, actual: unknown, expected: unknown): AssertionError {
  return new AssertionError({ message, actual, expected, stackStartFn: failed });
}
