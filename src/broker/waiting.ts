/**
 * Where a fetch waits for data (Kafka's purgatory). Bounded by itself: a connection's next request waits for the answer
 * to the one before (rule 58), so there is at most one wait for each connection.
 */
import type { PartitionLog } from "../log/log.ts";
import type { RequestContext } from "./context.ts";

/**
 * Resolves when `isOver` holds after a change in one of the logs, when the time is up, when the client has gone, or
 * when the broker stops.
 */
export function waitForLogs(
  logs: readonly PartitionLog[],
  isOver: () => boolean,
  maxWaitMs: number,
  { broker, connection }: RequestContext,
): Promise<void> {
  if (broker.isStopping || connection.isClosed) return Promise.resolve();
  return new Promise((resolve) => {
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
      for (const cancel of cancels) cancel();
      resolve();
    };
    const check = () => {
      if (!hasEnded && isOver()) end();
    };
    const cancels = [
      broker.clock.after(maxWaitMs, end),
      connection.onClosed(end),
      broker.onStopping(end),
      ...logs.map((log) => log.watch(check)),
    ];
  });
}
