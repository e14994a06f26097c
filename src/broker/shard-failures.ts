/** What the log output says of coordinators that fail: what it means for their clients, and what to do. */
import { LogError } from "../log/log.ts";
import type { Logger } from "./context.ts";

/** @param theirs what the shards of the topic coordinate. */
export function shardFailures(topic: string, theirs: "groups" | "transactions", logger: Logger) {
  return {
    onFailure(partition: number, error: unknown) {
      const what = `the coordinator of ${topic}-${partition} failed and is loaded again; until then its ${theirs} wait`;
      const isDamaged = error instanceof LogError && error.kind === "corrupt";
      const help = isDamaged ? `: "A damaged partition" in docs/durability.md tells what to do` : "";
      logger.error({ err: error, partition }, `${what}, those of other partitions do not${help}`);
    },
    onRecovered(partition: number) {
      logger.info({ partition }, `the coordinator of ${topic}-${partition} is loaded again`);
    },
  };
}
