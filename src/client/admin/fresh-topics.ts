/**
 * Topics that a client has just made. The broker that made them may be the first to know: another that says
 * UNKNOWN_TOPIC_OR_PARTITION is asked again for a while, where any other unknown topic is an error at once.
 */
import { ErrorCode } from "../../protocol/errors.ts";
import type { Cluster } from "../cluster.ts";
import { nowMs } from "../wait.ts";

const freshForMs = 5000;

const madeAtMs = new WeakMap<Cluster, Map<string, number>>();

export function rememberMade(cluster: Cluster, topics: readonly string[]): void {
  const known = [...(madeAtMs.get(cluster) ?? [])].filter(([, atMs]) => atMs > nowMs() - freshForMs);
  madeAtMs.set(cluster, new Map([...known, ...topics.map((topic) => [topic, nowMs()] as const)]));
}

export function forgetMade(cluster: Cluster, topics: readonly string[]): void {
  for (const topic of topics) madeAtMs.get(cluster)?.delete(topic);
}

/** @returns the code, or LEADER_NOT_AVAILABLE for a topic that will be known in a moment. */
export function codeOfTopic(cluster: Cluster, topic: string, errorCode: number): number {
  if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return errorCode;
  const atMs = madeAtMs.get(cluster)?.get(topic);
  return atMs !== undefined && atMs > nowMs() - freshForMs ? ErrorCode.LEADER_NOT_AVAILABLE : errorCode;
}
