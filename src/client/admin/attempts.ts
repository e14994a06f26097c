/**
 * How an administrative call is carried through: for each item as often as it takes, until default.api.timeout.ms, as
 * Kafka's own admin client does. What cannot help is not tried again.
 */
import { ErrorCode } from "../../protocol/errors.ts";
import { backoffMs } from "../backoff.ts";
import type { CallOptions, Cluster } from "../cluster.ts";
import { KafkaError, NetworkError, RequestTimeoutError } from "../errors.ts";
import { callWithin, delay, remainingMs } from "../wait.ts";

/** `timeoutMs` of the whole call; default: default.api.timeout.ms. */
export type AdminOptions = CallOptions;

/** For one request of a call. */
export interface Attempt {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export type Outcome<Item, Result> =
  | { readonly item: Item; readonly result: Result; readonly error?: undefined }
  | { readonly item: Item; readonly error: KafkaError };

/** Some items of a call failed, each with an error of its own; the others are done. */
export class ItemsError<Item = unknown, Result = unknown> extends KafkaError {
  override readonly name = "ItemsError";
  readonly failures: readonly { readonly item: Item; readonly error: KafkaError }[];
  /** What the call gives, for the items that did not fail. */
  readonly results: readonly Result[];

  constructor(failures: readonly { readonly item: Item; readonly error: KafkaError }[], results: readonly Result[]) {
    const first = failures[0]!.error;
    const others = failures.length === 1 ? "" : `, and ${failures.length - 1} more`;
    super(`${first.message}${others}`, {
      code: first.code,
      ...(first.errorCode === undefined ? {} : { errorCode: first.errorCode }),
      retriable: failures.every(({ error }) => error.retriable),
      fatal: failures.some(({ error }) => error.fatal),
      cause: first,
    });
    this.failures = failures;
    this.results = results;
  }
}

/** Of the retriable codes, those that pass by themselves. A topic that does not exist is not waited for. */
const passing: ReadonlySet<number> = new Set([
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.THROTTLING_QUOTA_EXCEEDED,
]);

function passes(error: unknown): error is KafkaError {
  if (error instanceof NetworkError || error instanceof RequestTimeoutError) return true;
  return error instanceof KafkaError && error.errorCode !== undefined && passing.has(error.errorCode);
}

/**
 * Does the work, for those items that are left, until none is.
 * @returns the results in the order of the items.
 * @throws {ItemsError} when items failed; else what the work throws.
 */
export async function forEach<Item, Result>(
  cluster: Cluster,
  items: readonly Item[],
  options: AdminOptions,
  work: (pending: readonly Item[], attempt: Attempt) => Promise<readonly Outcome<Item, Result>[]>,
): Promise<Result[]> {
  const done = new Map<Item, Outcome<Item, Result>>();
  let pending = items;
  await retrying(cluster, options, async (attempt) => {
    if (pending.length === 0) return;
    for (const outcome of await work(pending, attempt)) done.set(outcome.item, outcome);
    pending = pending.filter((item) => passes(done.get(item)?.error));
    const [first] = pending;
    if (first !== undefined) throw done.get(first)!.error;
  }).catch((error: unknown) => {
    // Errors of items are thrown below, together.
    if (!(error instanceof KafkaError) || done.size < items.length) throw error;
  });
  const outcomes = items.map((item) => done.get(item)!);
  const failures = outcomes.filter((outcome) => outcome.error !== undefined);
  const results = outcomes.flatMap((outcome) => (outcome.error === undefined ? [outcome.result] : []));
  if (failures.length > 0) throw new ItemsError(failures, results);
  return results;
}

/** Does the work again while what it throws passes by itself. */
export async function retrying<T>(
  cluster: Cluster,
  options: AdminOptions,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { defaultApiTimeoutMs, requestTimeoutMs, retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = cluster.config;
  const { signal } = options;
  const call = callWithin(options.timeoutMs ?? defaultApiTimeoutMs, signal);
  let before: KafkaError | undefined;
  for (let failures = 0; ; failures++) {
    const timeoutMs = Math.min(requestTimeoutMs, remainingMs(call));
    try {
      return await work({ timeoutMs, signal });
    } catch (thrown) {
      // The end of the call that cuts the last attempt short tells less than what was said before. Not by the clock:
      // timers have whole milliseconds, and may be a part of one early.
      const isCut = thrown instanceof RequestTimeoutError && timeoutMs < requestTimeoutMs;
      const error = isCut ? (before ?? thrown) : thrown;
      const pauseMs = backoffMs({ initialMs, maxMs }, failures);
      if (!passes(error) || pauseMs >= remainingMs(call)) throw error;
      before = error;
      if (error.errorCode === ErrorCode.NOT_CONTROLLER) cluster.refreshSoon();
      await delay(pauseMs, signal);
    }
  }
}

/** The outcome that an error code means; `detail` is the broker's own message. */
export function errorOr<Item, Result>(
  item: Item,
  error: KafkaError | undefined,
  result: () => Result,
): Outcome<Item, Result> {
  return error === undefined ? { item, result: result() } : { item, error };
}
