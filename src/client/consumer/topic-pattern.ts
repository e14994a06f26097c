/** Which topics a pattern means. */
import { RE2JS } from "re2js";
import type { ClusterMetadata } from "../cluster.ts";
import { ClientConfigError } from "../errors.ts";

/** @returns whether it is the whole name of a topic that the pattern matches. @throws {ClientConfigError} */
export function topicPattern(pattern: string): (topic: string) => boolean {
  try {
    const compiled = RE2JS.compile(pattern);
    return (topic) => compiled.matches(topic);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ClientConfigError(`pattern ${pattern}: ${said}`, "the syntax is RE2's");
  }
}

/** Of the topics that are known and can be read. */
export function matchingTopics(
  { topics }: ClusterMetadata,
  matches: (topic: string) => boolean,
  excludeInternal: boolean,
): string[] {
  return [...topics.values()]
    .filter(({ topic, isInternal, partitions }) => {
      return partitions.length > 0 && !(isInternal && excludeInternal) && matches(topic);
    })
    .map(({ topic }) => topic)
    .sort();
}
